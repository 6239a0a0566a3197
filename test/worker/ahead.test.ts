import { appendFileSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { resolveConfig } from '../../src/api/config.ts';
import { fromText } from '../../src/api/names.ts';
import { openFileSystem } from '../../src/fs/driver.ts';
import { type FileSystem, OTHER_FILE } from '../../src/fs/file-system.ts';
import { SystemError } from '../../src/fs/system-error.ts';
import { prepare } from '../../src/plan/prepare.ts';
import type { WorkerEvent } from '../../src/protocol/report.ts';
import { workerConfig } from '../../src/run/worker-config.ts';
import { AskedBack } from '../../src/schedule/asked-back.ts';
import { AskedBackReader } from '../../src/worker/asked-back.ts';
import { LeaseExpired } from '../../src/worker/heartbeat.ts';
import { Worker } from '../../src/worker/worker.ts';
import { temp } from '../support/temp.ts';
import { file, plant } from '../support/tree.ts';

/** Milliseconds that each file takes: enough to be very late storage. */
const LATE_MS = 60;
const NAMES = Array.from({ length: 12 }, (_, i) => `f${String(i).padStart(2, '0')}`);

let umask: number;
beforeAll(() => {
  umask = process.umask(0);
});
afterAll(() => void process.umask(umask));

/** A worker on storage that answers late and has no unnamed files. `at` is called with each file before its times are set. */
async function scene({ at = (_count: number): void => {}, lease = null as string | null } = {}) {
  const fs = await openFileSystem();
  const top = temp();
  plant(`${top}/src`, Object.fromEntries(NAMES.map((name) => [name, file(name)])));
  mkdirSync(`${top}/dst`);
  const config = resolveConfig({ jobs: 1 });
  const plan = prepare(fs, fromText(`${top}/src`), fromText(`${top}/dst`), config);
  const events: WorkerEvent[] = [];
  const calls = { openedNow: 0, madeNow: 0, open: new Set<number>(), refuse: 0, locking: (): void => {} };
  let count = 0;
  const { askAhead } = fs;
  const late = Object.assign(Object.create(fs) as FileSystem, {
    copySmall: () => OTHER_FILE,
    createUnnamed: () => null,
    askAhead: askAhead && {
      ...askAhead,
      openRead: (...[dir, name, opened]: Parameters<typeof askAhead.openRead>) =>
        askAhead.openRead(dir, name, (handle) => {
          if (handle !== null) calls.open.add(handle);
          opened(handle);
        }),
      close: (handle: number) => {
        calls.open.delete(handle);
        askAhead.close(handle);
      },
    },
    openRead: (...args: Parameters<FileSystem['openRead']>) => {
      calls.openedNow++;
      return fs.openRead(...args);
    },
    createNew: (...args: Parameters<FileSystem['createNew']>) => {
      calls.madeNow++;
      return fs.createNew(...args);
    },
    lock: (...args: Parameters<FileSystem['lock']>) => {
      if (calls.refuse > 0 && calls.refuse-- > 0) throw new SystemError('EMFILE', 'open');
      calls.locking();
      return fs.lock(...args);
    },
    setTimes: (...args: Parameters<FileSystem['setTimes']>) => {
      at(count++);
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, LATE_MS);
      fs.setTimes(...args);
    },
  });
  const asked = new AskedBack();
  const worker = new Worker(
    late,
    { ...workerConfig(fs, plan, config), lease },
    {
      index: 0,
      emit: (event) => void events.push(event),
      note: () => {},
      askedBack: new AskedBackReader(asked.path),
    },
  );
  const run = async () => {
    const group = { dir: '', names: NAMES.join('/'), types: 'f'.repeat(NAMES.length) };
    try {
      return await worker.run({ kind: 'entries', groups: [group] }, 1);
    } finally {
      worker.close();
      asked.close();
    }
  };
  const copied = (): string[] => readdirSync(`${top}/dst`).sort();
  const failures = () => events.flatMap((event) => (event.type === 'failed' ? [event.failure] : []));
  return { run, copied, failures, calls, asked, source: `${top}/src`, destination: `${top}/dst` };
}

const linux = test.runIf(process.platform === 'linux');

linux('the next files are opened, and the next one is made, before their turn', async () => {
  const { run, copied, calls, destination } = await scene();
  expect(await run()).toMatchObject({ files: NAMES.length, failed: 0 });
  expect(copied()).toEqual(NAMES);
  for (const name of NAMES) expect(readFileSync(`${destination}/${name}`, 'utf8')).toBe(name);
  expect(calls.openedNow).toBeLessThan(NAMES.length - 4);
  expect(calls.madeNow).toBeLessThan(NAMES.length - 4);
  expect(calls.open).toEqual(new Set());
});

linux('one of them fails: it alone, and what was made for it goes to the next one', async () => {
  const { run, copied, failures, destination } = await scene();
  mkdirSync(`${destination}/f07`);
  expect(await run()).toMatchObject({ files: NAMES.length - 1, failed: 1 });
  expect(failures()).toMatchObject([{ path: 'f07', code: 'EISDIR' }]);
  expect(copied()).toEqual(NAMES);
});

linux('a source that grows, or is replaced, while it is open ahead: whole, in a state that it had', async () => {
  const { run, source, destination } = await scene({
    at: (count) => {
      if (count !== 6) return;
      appendFileSync(`${source}/f07`, ' and more');
      rmSync(`${source}/f08`);
      writeFileSync(`${source}/f08`, 'another');
    },
  });
  expect(await run()).toMatchObject({ files: NAMES.length, failed: 0 });
  expect(readFileSync(`${destination}/f07`, 'utf8')).toBe('f07 and more');
  expect(['f08', 'another']).toContain(readFileSync(`${destination}/f08`, 'utf8'));
});

linux('too many open files: those that are open ahead are given up, and the file is tried again', async () => {
  let begin = (): void => {};
  const { run, copied, calls } = await scene({ at: (count) => void (count === 5 && begin()) });
  begin = () => {
    calls.refuse = 1;
  };
  expect(await run()).toMatchObject({ files: NAMES.length, failed: 0 });
  expect(copied()).toEqual(NAMES);
  expect(calls.open).toEqual(new Set());
});

linux('the rest is asked back: nothing is left open or made', async () => {
  let begin = (): void => {};
  const { run, copied, calls, asked } = await scene({ at: (count) => void (count === 5 && begin()) });
  begin = () => asked.ask(1);
  const { next } = await run();
  expect(next).toBeLessThan(NAMES.length);
  expect(copied()).toEqual(NAMES.slice(0, next));
  expect(calls.open).toEqual(new Set());
});

linux('the lease ends while a file is begun: nothing stays behind', async () => {
  const lease = `${temp()}/lease`;
  writeFileSync(lease, new Float64Array([Infinity, Infinity, 0, 0]));
  let begin = (): void => {};
  const { run, copied, calls } = await scene({ at: (count) => void (count === 5 && begin()), lease });
  begin = () => {
    calls.locking = () => writeFileSync(lease, new Float64Array(4), { flag: 'r+' });
  };
  await expect(run()).rejects.toThrow(LeaseExpired);
  expect(copied()).toEqual(NAMES.slice(0, 6));
});
