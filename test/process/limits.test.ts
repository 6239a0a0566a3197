// Tasks that are given up, workers that come and go with the work.
import { afterEach, expect, test } from 'vitest';
import type { PoolOptions } from '../../src/process/index.ts';
import { fixture, Pool, Queue, runs, until, WaitTimeout } from './toolkit.ts';

const pools: InstanceType<typeof Pool>[] = [];
function newPool(size: number, options: PoolOptions = {}) {
  const pool = new Pool(size, options);
  pools.push(pool);
  return pool;
}
afterEach(() => Promise.all(pools.splice(0).map((pool) => pool.terminate())));

const loop = fixture<[number], void>('limits.js', 'loop');
const square = fixture<[number], number>('tasks.js', 'square');
const slowest = fixture<[number], number>('limits.js', 'slowestFirst');

test('a time limit frees the worker', async () => {
  const pool = newPool(1);
  await expect(pool.apply(loop, [20_000], { timeout: 50 })).rejects.toBeInstanceOf(WaitTimeout);
  expect(await pool.apply(square, [3], { timeout: 30_000 })).toBe(9);
});

test('a signal frees the worker, and what it was sent ahead goes to another', async () => {
  const [pool, controller, queue] = [newPool(1, { prefetch: 2 }), new AbortController(), new Queue<number>()];
  const looping = pool.applyAsync(fixture('limits.js', 'tellAndLoop'), [queue, 20_000], { signal: controller.signal });
  const ahead = [1, 2].map((number) => pool.applyAsync(square, [number]));
  const pid = await queue.get();
  controller.abort(new RangeError('enough'));
  await expect(looping.get()).rejects.toThrow('enough');
  expect(await Promise.all(ahead)).toEqual([1, 4]);
  await until(() => !runs(pid));
});

test('a task that has not begun is not run any more', async () => {
  const [pool, controller, queue, gate] = [newPool(1), new AbortController(), new Queue(), new Queue<number>()];
  const first = pool.applyAsync(fixture('tasks.js', 'waitAtGate'), [queue, gate]);
  const others = [1, 2].map(() =>
    pool.applyAsync(fixture('limits.js', 'tellAndLoop'), [queue, 0], { signal: controller.signal }),
  );
  await queue.get();
  controller.abort();
  for (const other of others) await expect(other).rejects.toMatchObject({ name: 'AbortError' });
  await gate.put(1);
  await first;
  expect(await pool.apply(square, [2])).toBe(4);
  expect(await queue.empty()).toBe(true);
  await expect(pool.apply(square, [2], { signal: controller.signal })).rejects.toMatchObject({ name: 'AbortError' });
});

test('a result can be awaited as it is', async () => {
  const pool = newPool(1);
  expect(await pool.applyAsync(square, [5])).toBe(25);
  expect(await Promise.all([1, 2].map((number) => pool.applyAsync(square, [number])))).toEqual([1, 4]);
  await expect(pool.applyAsync(fixture('tasks.js', 'fail'), ['oh'])).rejects.toThrow('oh');
});

test('a pool grows with the work and shrinks to its minimum', async () => {
  const pool = newPool(3, { minWorkers: 1, idleTimeout: 50 });
  expect(pool.workers).toHaveLength(1);
  const results = await pool.map(fixture<[number], number>('limits.js', 'loop'), [100, 100, 100], { chunksize: 1 });
  expect(results).toHaveLength(3);
  await until(() => pool.workers.length === 1);
  expect(await pool.apply(square, [6])).toBe(36);
});

test('imap keeps the order, and an error its place', async () => {
  const pool = newPool(2);
  const results: number[] = [];
  for await (const result of pool.imap(slowest, [0, 1, 2, 3, 4, 5], { chunksize: 2 })) results.push(result);
  expect(results).toEqual([0, 1, 2, 3, 4, 5]);
  const before: number[] = [];
  const failing = async (): Promise<void> => {
    for await (const result of pool.imap(slowest, [0, 1, -1, 2])) before.push(result);
  };
  await expect(failing()).rejects.toThrow('negative');
  expect(before).toEqual([0, 1]);
});
