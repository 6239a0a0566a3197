import { readFileSync, utimesSync } from 'node:fs';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { resolveConfig } from '../../src/api/config.ts';
import { fromText } from '../../src/api/names.ts';
import { openFileSystem } from '../../src/fs/driver.ts';
import { type FileSystem, OTHER_FILE } from '../../src/fs/file-system.ts';
import { prepare } from '../../src/plan/prepare.ts';
import type { EntriesJob } from '../../src/protocol/jobs.ts';
import type { WorkerEvent } from '../../src/protocol/report.ts';
import { copyTree } from '../../src/run/copy-tree.ts';
import { workerConfig } from '../../src/run/worker-config.ts';
import { AskedBack } from '../../src/schedule/asked-back.ts';
import { AskedBackReader } from '../../src/worker/asked-back.ts';
import { Worker } from '../../src/worker/worker.ts';
import { expectSame } from '../support/compare.ts';
import { inProcessExecutor } from '../support/in-process-executor.ts';
import { temp } from '../support/temp.ts';
import { directory, file, hardlink, plant, symlink, type Tree } from '../support/tree.ts';

const TREE: Tree = {
  ...Object.fromEntries(Array.from({ length: 300 }, (_, i) => [`d${i % 7}/f${i}`, file(`${i}`.repeat(i))])),
  empty: directory({ mode: 0o750 }),
  link: symlink('d1/f1'),
  'other name': hardlink('d2/f2'),
  // Split among the workers.
  big: file(Buffer.alloc(65 << 20, 'big')),
};

let umask: number;
beforeAll(() => {
  umask = process.umask(0);
});
afterAll(() => void process.umask(umask));

test('two runs at once in one process, by an executor without processes', async () => {
  const top = temp();
  plant(`${top}/src`, TREE);
  const summaries = await Promise.all(
    ['a', 'b'].map((name) => copyTree(`${top}/src`, `${top}/${name}`, { jobs: 2 }, { executor: inProcessExecutor })),
  );
  expect(summaries.map(({ outcome, totals }) => [outcome, totals.failed])).toEqual(Array(2).fill(['complete', 0]));
  for (const name of ['a', 'b']) expectSame(`${top}/src`, `${top}/${name}`);
});

async function workerTo(
  destination: string,
  change: (fs: FileSystem) => FileSystem,
  askedBack = new AskedBackReader(null),
) {
  const fs = await openFileSystem();
  const top = temp();
  plant(`${top}/src`, { a: file('a'), b: file('b'), c: file('c') });
  const config = resolveConfig({ jobs: 1 });
  const plan = prepare(fs, fromText(`${top}/src`), fromText(`${top}/${destination}`), config);
  const events: WorkerEvent[] = [];
  const worker = new Worker(change(fs), workerConfig(fs, plan, config), {
    index: 0,
    emit: (event) => void events.push(event),
    note: () => {},
    askedBack,
  });
  const copy = (names: string) => {
    const job: EntriesJob = { kind: 'entries', groups: [{ dir: '', names, types: names.replace(/[^/]+.?/g, 'f') }] };
    return worker.run(job, 1);
  };
  return { worker, copy, events, read: (name: string) => readFileSync(`${top}/${destination}/${name}`, 'utf8') };
}

test('what one worker learns of its destination is not held against that of another in the process', async () => {
  let asked = 0;
  const counting = (answer: 'none' | 'real') => (fs: FileSystem) =>
    Object.assign(Object.create(fs) as FileSystem, {
      copySmall: () => OTHER_FILE,
      createUnnamed: (...args: Parameters<FileSystem['createUnnamed']>) => {
        asked++;
        return answer === 'none' ? null : fs.createUnnamed(...args);
      },
    });
  const without = await workerTo('without', counting('none'));
  const within = await workerTo('with', counting('real'));
  for (const name of ['a', 'b']) expect((await without.copy(name)).files).toBe(1);
  expect(asked).toBe(1);
  expect((await within.copy('a')).files).toBe(1);
  expect(asked).toBe(2);
  expect(without.read('b')).toBe('b');
  for (const { worker } of [without, within]) worker.close();
});

test.runIf(process.platform === 'linux')(
  'a file that changes after it was looked at is an error, though one call reads it',
  async () => {
    const { worker, copy, events } = await workerTo('dst', (fs) =>
      Object.assign(Object.create(fs) as FileSystem, {
        copySmall: () => OTHER_FILE,
        read: (...args: Parameters<FileSystem['read']>) => {
          utimesSync(`/proc/self/fd/${args[0]}`, 1, 1);
          return fs.read(...args);
        },
      }),
    );
    expect(await copy('a')).toMatchObject({ files: 0, failed: 1 });
    expect(events.filter(({ type }) => type === 'failed')).toMatchObject([
      { failure: { path: 'a', action: 'read', code: 'EPCOPY_CHANGED' } },
    ]);
    worker.close();
  },
);

test('a link that is replaced by a file before it is read is said to be one no longer', async () => {
  const { worker, events } = await workerTo('dst', (fs) =>
    Object.assign(Object.create(fs) as FileSystem, {
      statAt: (...args: Parameters<FileSystem['statAt']>) =>
        Object.create(fs.statAt(...args), { type: { value: 'l' } }),
    }),
  );
  await worker.run({ kind: 'entries', groups: [{ dir: '', names: 'a', types: 'l' }] }, 1);
  expect(events.filter(({ type }) => type === 'failed')).toMatchObject([{ failure: { code: 'EPCOPY_CHANGED' } }]);
  worker.close();
});

test('a job that fails for one entry says which, and the worker does the next one', async () => {
  const { worker, copy, events, read } = await workerTo('dst', (fs) => fs);
  expect(await copy('missing')).toMatchObject({ files: 0, failed: 1, failure: null });
  // Progress is told by the clock.
  const failed = events.filter(({ type }) => type === 'failed');
  expect(failed).toMatchObject([{ type: 'failed', failure: { path: 'missing', code: 'ENOENT', side: 'source' } }]);
  expect((await copy('a')).files).toBe(1);
  expect(read('a')).toBe('a');
  worker.close();
});

test.runIf(process.platform === 'linux')('the bytes of a small file that fails are settled too', async () => {
  const nowhere = -1;
  const libc = await openFileSystem('libc');
  const { worker, copy, events } = await workerTo('dst', () =>
    Object.assign(Object.create(libc) as FileSystem, {
      copySmall: (...[from, , name, terms]: Parameters<FileSystem['copySmall']>) =>
        libc.copySmall(from, nowhere, name, terms),
    }),
  );
  expect(await copy('a/b')).toMatchObject({ files: 0, failed: 2, settledBytes: 2 });
  const failed = events.flatMap((event) => (event.type === 'failed' ? [event.failure] : []));
  expect(failed.map(({ action, code, side }) => [action, code, side])).toEqual(
    Array(2).fill(['create', 'EBADF', 'destination']),
  );
  worker.close();
});

test.runIf(process.platform === 'linux')(
  'what is asked back of a long job is returned, but not its last entry',
  async () => {
    const asked = new AskedBack();
    const slow = (fs: FileSystem) =>
      Object.assign(Object.create(fs) as FileSystem, {
        copySmall: () => OTHER_FILE,
        openRead: (...args: Parameters<FileSystem['openRead']>) => {
          Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 110);
          return fs.openRead(...args);
        },
      });
    const { worker, copy } = await workerTo('late', slow, new AskedBackReader(asked.path));
    expect((await copy('a/b')).next).toBe(2);
    asked.ask(1);
    expect((await copy('a/b/c')).next).toBe(1);
    expect((await copy('a/b')).next).toBe(2);
    worker.close();
    asked.close();
  },
);
