import { type BigIntStats, linkSync, lstatSync, readdirSync } from 'node:fs';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { fromText, type RawPath } from '../../src/api/names.ts';
import { LeaseWriter } from '../../src/broker/lease.ts';
import { openFileSystem } from '../../src/fs/driver.ts';
import type { FileSystem } from '../../src/fs/file-system.ts';
import type { Job } from '../../src/protocol/jobs.ts';
import type { Report } from '../../src/protocol/report.ts';
import { removeTemporaries } from '../../src/report/clean-up.ts';
import { copyTree } from '../../src/run/copy-tree.ts';
import type { ExecutorFactory } from '../../src/schedule/executor.ts';
import { LeaseExpired } from '../../src/worker/heartbeat.ts';
import { Worker } from '../../src/worker/worker.ts';
import { differences } from '../support/compare.ts';
import { removeTree, temp } from '../support/temp.ts';
import { directory, fifo, file, hardlink, plant, symlink, type Tree } from '../support/tree.ts';

const KINDS: readonly Job['kind'][] = ['entries', 'links', 'split', 'range', 'publish', 'discard', 'finish', 'delete'];
const SPLIT_ABOVE = 5000;
const TREE: Tree = {
  a: file('the new a', { mode: 0o640 }),
  link: symlink('a'),
  fifo: fifo(),
  'first name': file('linked'),
  big: file(Buffer.alloc(SPLIT_ABOVE, 'big'), { mode: 0o600 }),
  given_up: file(Buffer.alloc(SPLIT_ABOVE, 'no')),
  'd/e/f': file('f'),
  'd/second name': hardlink('first name'),
  'd/third name': hardlink('first name'),
  'a directory now': directory({ mode: 0o750 }),
  'a directory now/g': file('g'),
};
const OLD: Tree = {
  a: file('the old a'),
  link: symlink('elsewhere'),
  big: file('the old one'),
  'extra/deep/file': file('extra'),
  'd/extra': file('extra'),
  'd/second name': file('not linked'),
  'a directory now': file('not yet'),
};

let umask: number;
beforeAll(() => {
  umask = process.umask(0);
});
afterAll(() => void process.umask(umask));

/** Everything at the destination, by path. */
function look(root: string): Map<string, BigIntStats> {
  const paths = ['', ...readdirSync(root, { recursive: true, encoding: 'utf8' }).sort()];
  return new Map(paths.map((path) => [path, lstatSync(`${root}/${path}`, { bigint: true })]));
}

/** What somebody would notice who looks again. */
function stateOf(root: string, hasTimes: boolean): string[] {
  return [...look(root)].map(([path, stat]) => {
    const { ino, mode, size, nlink, mtimeNs } = stat;
    const ofFiles = stat.isDirectory() ? '' : `${size} ${nlink}`;
    return `${path}: ${ino} ${mode.toString(8)} ${ofFiles} ${hasTimes ? mtimeNs : ''}`;
  });
}

function unfinished(root: string): RawPath[] {
  const isUnfinished = ({ mode }: BigIntStats) => (mode & 0o7777n) === 0o1700n;
  return [...look(root)].flatMap(([path, stat]) => (isUnfinished(stat) ? [fromText(path)] : [])).reverse();
}

/** A call that was begun before the pause cannot be stopped. These change the time of a directory, or of the file. */
const CHANGES_TIMES = ['createNew', 'linkUnnamed', 'symlink', 'link', 'makeSpecial', 'write'];

interface Seen {
  /** Kinds of the jobs that were paused. */
  kinds: Set<Job['kind']>;
  /** How many jobs were. */
  paused: number;
  wrong: string[];
}

/** Its call number `at` happens only after `before` has. */
function pausedAt(fs: FileSystem, at: number, before: (call: string) => void): FileSystem {
  let count = 0;
  return new Proxy(fs, {
    get: (target, name) => {
      const value = Reflect.get(target, name);
      if (typeof value !== 'function') return value;
      return (...args: unknown[]) => {
        if (count++ === at) before(String(name));
        return Reflect.apply(value, target, args);
      };
    },
  });
}

/**
 * Each job is begun by a machine that is paused before one of its calls. Another one does the job over, and finishes the directories as
 * at the end of the run; then the first one wakes up. Where it has fewer calls, its report was lost, and the job is done twice.
 */
function twice(fs: FileSystem, at: number, seen: Seen): ExecutorFactory {
  return ({ config: common, events }) => {
    const leases = { first: new LeaseWriter(), second: new LeaseWriter() };
    leases.second.extendTo(Number.POSITIVE_INFINITY);
    const configFor = (lease: LeaseWriter) => ({ ...common, splitAbove: SPLIT_ABOVE, lease: lease.path });
    const config = configFor(leases.second);
    const root = config.destination.path;
    const second = new Worker(fs, config, { index: 0, emit: (event) => events.put(event), note: () => {} });
    let number = 0;
    const run = async (job: Job): Promise<Report> => {
      const attempt = ++number * 100;
      let answer: Promise<Report> | null = null;
      let compare = (): void => {};
      const doOver = (): Promise<Report> => {
        leases.first.extendTo(0);
        removeTemporaries(fs, config, [job], (made) => made === attempt);
        return second.run(job, attempt + 1);
      };
      const paused = pausedAt(fs, at, (call) => {
        answer = doOver();
        const made = unfinished(root);
        void second.run({ kind: 'finish', made, kept: [], last: true, listedAs: made.map(() => null) }, attempt + 2);
        const hasTimes = !CHANGES_TIMES.includes(call);
        const before = stateOf(root, hasTimes);
        seen.kinds.add(job.kind);
        seen.paused++;
        compare = () => {
          const after = stateOf(root, hasTimes);
          const changed = [
            ...before.filter((is) => !after.includes(is)),
            ...after.filter((is) => !before.includes(is)),
          ];
          if (changed.length > 0) seen.wrong.push(`${job.kind}, call ${at} (${call}): ${changed.join(', ')}`);
        };
      });
      leases.first.extendTo(Number.POSITIVE_INFINITY);
      const first = new Worker(fs, configFor(leases.first), { index: 1, emit: () => {}, note: () => {} });
      Object.assign(Reflect.get(first, 'context'), { fs: paused });
      // Its calls are over when this returns.
      const late = first.run(job, attempt);
      // As its helper does when it hears that the run is over.
      removeTemporaries(fs, config, [job], (made) => made === attempt);
      compare();
      await late.catch((error: unknown) => {
        if (!(error instanceof LeaseExpired)) throw error;
      });
      first.close();
      const report = await (answer ?? doOver());
      const isGivenUp = job.kind === 'range' && job.path === 'given_up';
      const why = { path: 'given_up', action: 'write', code: 'EIO', message: 'an error', side: 'destination' } as const;
      return isGivenUp ? { ...report, failure: why } : report;
    };
    const terminate = async (): Promise<void> => {
      second.close();
      for (const lease of Object.values(leases)) lease.close();
    };
    return { workers: 1, capacity: 1, run, terminate };
  };
}

// Without attributes, most files are copied in a way of their own.
test.each([
  ['with attributes', true],
  ['without', false],
])(
  'every kind of job (%s), paused before any of its calls, done over by another machine, and gone on with after that',
  async (_how, archive) => {
    const fs = await openFileSystem();
    const top = temp();
    plant(`${top}/src`, TREE);
    // With a name that the run does not see, nobody knows all of them: the others are linked by jobs of their own.
    linkSync(`${top}/src/first name`, `${top}/outside`);
    const seen: Seen = { kinds: new Set(), paused: 0, wrong: [] };
    for (let at = 0, paused = -1; paused !== seen.paused; at++) {
      paused = seen.paused;
      const destination = `${top}/dest`;
      plant(destination, OLD);
      const options = { archive, delete: true, jobs: 2, chunkSize: 4096, batch: 1 };
      const { totals } = await copyTree(`${top}/src`, destination, options, { executor: twice(fs, at, seen) });
      expect(totals.failed).toBe(1);
      const wrong = differences(`${top}/src`, destination).filter(
        (line) => !line.startsWith('"given_up": missing') && (archive || !line.startsWith('"fifo": missing')),
      );
      seen.wrong.push(...wrong.map((line) => `call ${at}: ${line}`));
      removeTree(destination);
    }
    expect(seen.wrong).toEqual([]);
    expect([...seen.kinds].sort()).toEqual([...KINDS].sort());
  },
);
