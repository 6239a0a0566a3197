import { expect, test, vi } from 'vitest';
import type { Failure } from '../../src/api/errors.ts';
import { listEntries } from '../../src/protocol/entries-job.ts';
import type { EntriesJob, Job, Split } from '../../src/protocol/jobs.ts';
import type { Report } from '../../src/protocol/report.ts';
import { Counters } from '../../src/report/counters.ts';
import { type Executor, LostJob } from '../../src/schedule/executor.ts';
import { HardLinks } from '../../src/schedule/hard-links.ts';
import { Scheduler } from '../../src/schedule/scheduler.ts';
import { emptyReport } from '../../src/worker/context.ts';

const FAILURE: Failure = { path: '', action: 'setup', code: 'EIO', message: 'no', side: 'destination' };

const LISTENER = {
  failed: () => {},
  reported: async () => {},
  broken: () => {},
  splitBegun: (_path: string, split: Split) => ({ split, release: () => {} }),
};

/** One directory with files `f` and directories `d`, through an executor that answers as it is told. */
async function settledAfter(
  types: string,
  run: (job: EntriesJob) => Report,
): Promise<{ settled: number; told: number }> {
  const counters = new Counters(false, null, 0);
  counters.found.files = types.replaceAll('d', '').length;
  const executor: Executor = {
    workers: 1,
    capacity: 2,
    run: async (job: Job) => run(job as EntriesJob),
    terminate: async () => {},
  };
  let told = 0;
  const scheduler = new Scheduler(executor, counters, { ...LISTENER, failed: () => told++ });
  const names = [...types].map((type, i) => `${type}${i}`).join('/');
  const job: EntriesJob = { kind: 'entries', groups: [{ dir: '', names, types }] };
  await scheduler.copy(job);
  await scheduler.idle();
  return { settled: counters.snapshot(0).settled, told };
}

const died = (current: number | null) => new LostJob(current, 0, 'SIGKILL');
const copied = (job: EntriesJob): Report => ({ ...emptyReport(0), next: job.groups[0]?.types.length ?? 0 });

test('a directory that a worker died over is no settled file', async () => {
  const run = (job: EntriesJob): Report => {
    if (job.groups[0]?.types.startsWith('d')) throw died(0);
    return copied(job);
  };
  expect(await settledAfter('dff', run)).toEqual({ settled: 2, told: 1 });
});

test('names of hard-linked files travel together, not a job for each', async () => {
  const types = 'f'.repeat(1000);
  const jobs: Job[] = [];
  const run = (job: Job): Report => {
    jobs.push(job);
    if (job.kind !== 'entries') return emptyReport(0);
    const report = copied(job);
    const entries = listEntries(job);
    // Two names of each of 500 files.
    if (job.deferredAs === undefined) {
      const identity = (index: number) => String(index % 500);
      report.hardLinked = entries.map((_entry, index) => ({ index, size: 1, identity: identity(index), nlink: 2 }));
    } else
      report.primaries = entries.map((_entry, index) => ({ index, identity: `copy of ${job.deferredAs?.[index]}` }));
    return report;
  };
  expect(await settledAfter(types, run)).toEqual({ settled: 1000, told: 0 });
  expect(jobs.length).toBeLessThan(10);
  const links = jobs.flatMap((job) => (job.kind === 'links' ? job.groups : []));
  expect(links.length).toBe(500);
  for (const { target, targetIdentity, paths } of links) {
    const number = Number(target.slice(1));
    expect([targetIdentity, paths]).toEqual([`copy of ${number}`, [`f${number + 500}`]]);
  }
});

test('nor are those of a job that every worker died over', async () => {
  const run = (): Report => {
    throw died(null);
  };
  expect(await settledAfter('dfdf', run)).toEqual({ settled: 2, told: 4 });
});

test('nor those of a job that broke off', async () => {
  const run = (): Report => ({ ...emptyReport(0), next: 1, failure: FAILURE });
  expect(await settledAfter('fdf', run)).toEqual({ settled: 2, told: 2 });
});

test('no more big files are begun than there are workers, and one that is all read is ended before any more is read', async () => {
  const size = 65 << 20;
  const open = new Map<string, number>();
  const wrong: string[] = [];
  let files = 0;
  const run = (job: Job): Report => {
    const report = emptyReport(0);
    if (job.kind === 'entries') {
      report.next = 9;
      report.big = listEntries(job).map(({ path }, index) => ({ index, size, identity: path, nlink: 1 }));
    } else if (job.kind === 'split') {
      open.set(job.path, size);
      const made = { identity: '', uid: 0, mode: 0o600 };
      const source = { size, mtime: 0, mtimeNs: 0, changedMs: 0, mode: 0, uid: 0, gid: 0, nlink: 1 };
      report.split = { temporary: job.path, made, sourceIdentity: job.path, source, size };
      if (open.size > 1) wrong.push(`${open.size} files are open`);
    } else if (job.kind === 'range') {
      if ([...open.values()].includes(0)) wrong.push('a file waits to be ended');
      open.set(job.path, (open.get(job.path) ?? 0) - (job.end - job.start));
    } else if (job.kind === 'publish') {
      open.delete(job.path);
      files++;
    }
    return report;
  };
  await settledAfter('f'.repeat(9), run);
  expect(wrong).toEqual([]);
  expect(files).toBe(9);
});

test('directories are finished on the way, those of the way that the listing is on at the end', async () => {
  const finished: string[][] = [];
  const run = async (job: Job): Promise<Report> => {
    if (job.kind === 'finish') finished.push(job.made);
    if (job.kind !== 'entries') return emptyReport(0);
    const dir = job.groups[0]?.dir ?? '';
    const made = listEntries(job).filter(({ type }) => type === 'd');
    return { ...copied(job), made: [dir, ...made.map(({ path }) => path)].filter((path) => path !== '') };
  };
  const executor: Executor = { workers: 1, capacity: 2, run, terminate: async () => {} };
  const scheduler = new Scheduler(executor, new Counters(false, null, 0), LISTENER, new HardLinks(), () => true);
  for (const [dir, names, types] of [
    ['', 'a/b', 'dd'],
    ['b', 'c/empty', 'dd'],
    ['b/c', 'f', 'f'],
    ['a', 'f', 'f'],
  ] as const) {
    await scheduler.copy({ kind: 'entries', groups: [{ dir, names, types }] });
    await scheduler.idle();
  }
  await vi.waitFor(() => expect(finished.flat()).toEqual(['b/c', 'b/empty', 'b']), 10_000);
  await scheduler.finish();
  expect(finished.flat().slice(3)).toEqual(['a']);
});

test('an idle worker gets half of what another one has left of a job, and nothing is done twice', async () => {
  const reports = new Map<Job, (report: Report) => void>();
  const asked: Job[] = [];
  const executor: Executor = {
    workers: 2,
    capacity: 2,
    run: (job) => new Promise<Report>((resolve) => reports.set(job, resolve)),
    askBack: (job) => asked.push(job),
    terminate: async () => {},
  };
  const counters = new Counters(false, null, 0);
  const scheduler = new Scheduler(executor, counters, LISTENER);
  const jobOf = (dir: string, names: string): EntriesJob => ({
    kind: 'entries',
    groups: [{ dir, names, types: names.replace(/[^/]+.?/g, 'f') }],
  });
  const [long, short] = [jobOf('a', 'a/b/c/d/e/f'), jobOf('b', 'a')];
  for (const job of [long, short]) await scheduler.copy(job);
  reports.get(short)?.(copied(short));
  await vi.waitFor(() => expect(asked).toEqual([long]), 10_000);
  reports.get(long)?.({ ...emptyReport(0), next: 2 });
  await vi.waitFor(() => expect(reports.size).toBe(4), 10_000);
  const halves = [...reports.keys()].slice(2) as EntriesJob[];
  expect(halves.map((job) => listEntries(job).map(({ path }) => path))).toEqual([
    ['a/c', 'a/d'],
    ['a/e', 'a/f'],
  ]);
  for (const half of halves) reports.get(half)?.(copied(half));
  await scheduler.idle();
  expect(counters.snapshot(0).settled).toBe(7);
});

test.each(['made', 'kept'] as const)(
  'of the directories left for the end, the top (%s) is finished last',
  async (which) => {
    const finished: string[] = [];
    const executor: Executor = {
      workers: 1,
      capacity: 1,
      run: async (job: Job) => {
        if (job.kind === 'finish') finished.push(...job.made, ...job.kept);
        return emptyReport(0);
      },
      terminate: async () => {},
    };
    const scheduler = new Scheduler(executor, new Counters(false, null, 0), LISTENER);
    scheduler[which].add('');
    for (const path of ['a', 'b', 'c']) scheduler.made.add(path).add(`${path}/d`);
    for (const path of ['e', 'f']) scheduler.kept.add(path);
    await scheduler.finish();
    expect(finished.length).toBe(9);
    expect(finished.at(-1)).toBe('');
  },
);
