import { expect, test } from 'vitest';
import { WorkerLimit } from '../../src/schedule/worker-limit.ts';

const STEP_MS = 50;
const CPUS = 2;

/** What one worker of so many does in a millisecond, and how much of it on a processor. */
interface Storage {
  speed: (workers: number) => number;
  busy: (workers: number) => number;
}

/** Feeds a limit with what workers on such storage would tell, and gives the numbers of workers that it came to. */
function follow(storage: Storage, ms: number, { least = 2, most = 32, hasMore = true } = {}): number[] {
  const limit = new WorkerLimit(least, most, CPUS);
  const seen = [least];
  const done = Array.from({ length: most }, () => ({ entries: 0, bytes: 0, cpuMs: 0 }));
  for (let atMs = 0; atMs < ms; atMs += STEP_MS) {
    const workers = limit.current;
    for (const [worker, work] of done.entries()) {
      if (worker >= workers) continue;
      work.entries += storage.speed(workers) * STEP_MS;
      work.cpuMs += storage.busy(workers) * STEP_MS;
      limit.observe({ ...work, worker, atMs }, hasMore);
      if (limit.current !== seen.at(-1)) seen.push(limit.current);
    }
  }
  expect(limit.highest).toBe(Math.max(...seen));
  return seen;
}

const late: Storage = { speed: () => 0.01, busy: () => 0.02 };
/** As fast with two workers as with any number of them. */
const oneDisk: Storage = { speed: (workers) => 0.1 / workers, busy: (workers) => 0.2 / workers };

test('storage that answers late: as many as the processors can serve, and no more than the most', () => {
  expect(follow(late, 2_000)).toEqual([2, 32]);
  expect(follow({ ...late, busy: () => 0.125 }, 2_000)).toEqual([2, 16]);
  expect(follow(late, 2_000, { least: 16 })).toEqual([16, 32]);
});

test('storage that is memory: none is tried', () => {
  expect(follow({ speed: () => 0.05, busy: () => 0.9 }, 5_000)).toEqual([2]);
  expect(follow({ speed: () => 0.05, busy: () => 0.6 }, 5_000)).toEqual([2]);
});

test('when more are no faster, it is as before; they are tried again, after a longer and longer while', () => {
  expect(follow(oneDisk, 9_000)).toEqual([2, 20, 2]);
  expect(follow(oneDisk, 13_000)).toEqual([2, 20, 2, 20, 2]);
  expect(follow(oneDisk, 29_000)).toEqual([2, 20, 2, 20, 2]);
  expect(follow(oneDisk, 36_000)).toEqual([2, 20, 2, 20, 2, 20, 2]);
});

test('the next step begins at the speed of the last one', () => {
  const busy = (workers: number): number => (workers === 2 ? 0.125 : 0.05);
  expect(follow({ ...late, busy }, 2_000)).toEqual([2, 16, 32]);
  // Sixteen help, more do not.
  const speed = (workers: number): number => 0.1 / Math.max(16, workers);
  expect(follow({ speed, busy }, 3_000)).toEqual([2, 16, 32, 16]);
});

test('where there are no jobs for more workers, and with a fixed number, nothing is tried', () => {
  expect(follow(late, 5_000, { hasMore: false })).toEqual([2]);
  expect(follow(late, 5_000, { least: 4, most: 4 })).toEqual([4]);
});

test('a file that takes long counts by its bytes', () => {
  const limit = new WorkerLimit(2, 32, CPUS);
  for (let atMs = 0; atMs <= 200; atMs += STEP_MS) {
    for (const worker of [0, 1]) limit.observe({ entries: 0, bytes: atMs * 1000, cpuMs: 0.1, worker, atMs }, true);
  }
  expect(limit.current).toBe(32);
});

test('one worker that stands still says nothing of the others', () => {
  const limit = new WorkerLimit(2, 32, CPUS);
  for (let atMs = 0; atMs <= 500; atMs += STEP_MS)
    limit.observe({ entries: atMs, bytes: 0, cpuMs: 0, worker: 0, atMs }, true);
  expect(limit.current).toBe(2);
});
