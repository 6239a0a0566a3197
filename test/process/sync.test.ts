import { inspect } from 'node:util';
import { afterAll, describe, expect, test } from 'vitest';
import type { Event as EventType, Semaphore as SemaphoreType } from '../../src/process/index.ts';
import { Event, fixture, Lock, Manager, NotCloneable, Pool, pipe, Queue, Semaphore, WaitTimeout } from './toolkit.ts';

const manager = new Manager();
const pool = new Pool(3);
afterAll(async () => {
  await pool.terminate();
  await manager.shutdown();
});

const homes: [string, () => EventType, (permits: number) => SemaphoreType][] = [
  ['here', () => new Event(), (permits) => new Semaphore(permits)],
  ['in a manager', () => manager.event(), (permits) => manager.semaphore(permits)],
];

describe.each(homes)('%s', (_, newEvent, newSemaphore) => {
  test('a semaphore of two lets two in, and an event lets them all go on', async () => {
    const [gate, semaphore, arrivals] = [newEvent(), newSemaphore(2), new Queue<string>()];
    const inside = fixture('sync.js', 'inside');
    const results = [1, 2, 3].map(() => pool.applyAsync(inside, [semaphore, arrivals, gate]));
    expect([await arrivals.get(), await arrivals.get()]).toEqual(['in', 'in']);
    await expect(semaphore.acquire({ timeout: 20 })).rejects.toBeInstanceOf(WaitTimeout);
    expect([await arrivals.empty(), await gate.isSet(), await gate.wait({ timeout: 1 })]).toEqual([true, false, false]);
    await gate.set();
    await Promise.all(results);
    expect([await gate.isSet(), await gate.wait({ timeout: 0 })]).toEqual([true, true]);
    await gate.clear();
    expect(await gate.isSet()).toBe(false);
    await semaphore.acquire();
    await semaphore.acquire();
    expect(await pool.apply(fixture('sync.js', 'releaseUnheld'), [semaphore])).toBe('MisuseError');
  });

  test('what a dead process held comes back', async () => {
    const semaphore = newSemaphore(2);
    await semaphore.acquire();
    const shortLived = new Pool(1);
    await shortLived.apply(fixture('sync.js', 'keep'), [semaphore]);
    const waiting = semaphore.acquire();
    await shortLived.terminate();
    expect(await waiting).toEqual({ abandoned: true });
  });
});

test('a lock without a manager', async () => {
  const lock = new Lock();
  await lock.acquire();
  const result = pool.applyAsync(fixture('sync.js', 'keep'), [lock]);
  expect(await result.wait({ timeout: 20 })).toBe(false);
  await lock.release();
  expect(await result.wait()).toBe(true);
});

test('a dict and a list hold something at first', async () => {
  expect(await manager.dict({ count: 100 }).entries()).toEqual([['count', 100]]);
  expect(await manager.dict(new Map([[1, 'one']])).get(1)).toBe('one');
  expect(await manager.list(new Set([3, 4])).slice()).toEqual([3, 4]);
  const queue = new Queue<number>();
  const dict = manager.dict([['queue', queue]]);
  await (await dict.get('queue'))?.put(5);
  expect(await queue.get()).toBe(5);
  expect(() => manager.list([() => 1])).toThrow(NotCloneable);
  expect(() => manager.dict({ f: () => 1 })).toThrow(NotCloneable);
  expect(() => manager.dict(100 as never)).toThrow(TypeError);
  expect(() => manager.dict([[{}, 1]] as never)).toThrow(/key/);
  await expect(manager.dict().set({} as never, 1)).rejects.toBeInstanceOf(TypeError);
});

test('shared objects say what they are', async () => {
  const [queue, dict, [end]] = [new Queue(), manager.dict(), pipe()];
  expect(inspect({ queue, dict })).toMatch(/^\{ queue: \[Queue r:\d+\], dict: \[Dict r:\d+, in process r\.\d+\] \}$/);
  expect(JSON.stringify(end)).toMatch(/^"\[PipeEnd r:\d+\]"$/);
  expect(await pool.apply(fixture('sync.js', 'show'), [queue])).toEqual([
    `${String(queue).slice(0, -1)}, in process r]`,
  ]);
});
