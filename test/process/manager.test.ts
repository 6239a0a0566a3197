import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type {
  Acquired,
  Dict,
  List,
  Lock,
  Manager as ManagerType,
  ProcessPool,
  Process as ProcessType,
} from '../../src/process/index.ts';
import { ConnectionClosed, fixture, Manager, MisuseError, Pool, Process, Queue, WaitTimeout } from './toolkit.ts';

let manager: ManagerType;
let pool: ProcessPool;
beforeEach(() => {
  manager = new Manager();
  pool = new Pool(2);
});
afterEach(async () => {
  await pool.terminate();
  await manager.shutdown();
});

const acquire = fixture<[Lock, ReturnType<typeof newQueue>?], Acquired>('processes.js', 'acquire');
function newQueue() {
  return new Queue<string>();
}
function run(name: string, ...args: unknown[]): ProcessType {
  const child = new Process(fixture('processes.js', name), args);
  child.start();
  return child;
}

describe('dict and list', () => {
  test('are one thing for all processes', async () => {
    const dict = manager.dict<string | number, unknown>();
    const list = manager.list<string>();
    expect(
      await pool.apply(fixture<[typeof dict, typeof list], number>('processes.js', 'fillDict'), [dict, list]),
    ).toBe(2);
    expect(await dict.get('one')).toEqual({ nested: [1, 2] });
    expect(await dict.get(2)).toEqual(Buffer.from('two'));
    expect(await list.slice()).toEqual(['from the child']);
  });

  test('do what a Map and an array do', async () => {
    const dict: Dict<string, number> = manager.dict();
    await dict.set('a', 0);
    await dict.set('b', 2);
    await dict.set('a', 1);
    expect(await Promise.all([dict.has('a'), dict.has('c'), dict.get('c'), dict.size()])).toEqual([
      true,
      false,
      undefined,
      2,
    ]);
    expect(await Promise.all([dict.keys(), dict.values(), dict.entries()])).toEqual([
      ['a', 'b'],
      [1, 2],
      [
        ['a', 1],
        ['b', 2],
      ],
    ]);
    expect([await dict.delete('a'), await dict.delete('a')]).toEqual([true, false]);
    await dict.clear();
    expect(await dict.size()).toBe(0);

    const list: List<number> = manager.list();
    for (const number of [1, 2, 3, 4]) await list.push(number);
    await list.set(-1, 5);
    await expect(list.set(4, 1)).rejects.toBeInstanceOf(RangeError);
    expect(await Promise.all([list.at(0), list.at(-1), list.at(9), list.slice(1, 3), list.length()])).toEqual([
      1,
      5,
      undefined,
      [2, 3],
      4,
    ]);
    expect([await list.pop(), await list.shift(), await list.length()]).toEqual([5, 1, 2]);
    await list.clear();
    expect([await list.pop(), await list.shift(), await list.length()]).toEqual([undefined, undefined, 0]);
  });

  test('hold each other, and queues', async () => {
    const dict = manager.dict<string, List<string>>();
    const list = manager.list<string>();
    await dict.set('list', list);
    await (await dict.get('list'))?.push('through the dict');
    expect(await list.at(0)).toBe('through the dict');
  });

  test('refuse what cannot be cloned', async () => {
    await expect(manager.dict<string, unknown>().set('x', { f: () => 1 })).rejects.toMatchObject({ path: '.value.f' });
  });
});

describe('queues', () => {
  test('live in the manager', async () => {
    const queue = manager.queue<number>(2);
    await queue.put(1);
    await queue.putNowait(2);
    expect(await queue.full()).toBe(true);
    const waiting = queue.put(3);
    expect([await queue.get(), await queue.get(), await queue.get()]).toEqual([1, 2, 3]);
    await waiting;
    await queue.close();
    for await (const item of queue) expect(item).toBe('nothing');
  });

  test('joinable ones, too', async () => {
    const queue = manager.joinableQueue<number>();
    await queue.put(1);
    await expect(queue.join({ timeout: 1 })).rejects.toBeInstanceOf(WaitTimeout);
    await queue.get();
    await queue.taskDone();
    await queue.join();
    await expect(queue.taskDone()).rejects.toBeInstanceOf(MisuseError);
    expect(() => manager.queue(0.5)).toThrow(RangeError);
  });
});

describe('a lock', () => {
  test('lets one process at a time count down, and 12 of them end at 0', async () => {
    const dict = manager.dict<string, number>();
    const lock = manager.lock();
    await dict.set('count', 12);
    const children = Array.from({ length: 12 }, () => run('decrement', dict, lock));
    await Promise.all(children.map((child) => child.join()));
    expect(await dict.get('count')).toBe(0);
  });

  test('is for one at a time, also within a process', async () => {
    const lock = manager.lock();
    expect(await lock.acquire()).toEqual({ abandoned: false });
    await expect(lock.acquire({ timeout: 1 })).rejects.toBeInstanceOf(WaitTimeout);
    const next = lock.run(() => 'inside');
    await lock.release();
    expect(await next).toBe('inside');
    await expect(lock.release()).rejects.toBeInstanceOf(MisuseError);
    await expect(lock.run(() => Promise.reject(new Error('inside')))).rejects.toThrow('inside');
    await lock.acquire();
    expect(await pool.apply(fixture('processes.js', 'releaseUnheld'), [lock])).toBe('MisuseError');
  });

  test('is released when its holder dies, and who waits is told', async () => {
    const lock = manager.lock();
    const queue = newQueue();
    const holder = run('dieInside', lock, queue);
    expect(await queue.get()).toBe('inside');
    const waiting = [pool.applyAsync(acquire, [lock, queue]), pool.applyAsync(acquire, [lock, queue])];
    expect([await queue.get(), await queue.get()]).toEqual(['asking', 'asking']);
    // Behind what they asked: both stand in the line now.
    await expect(lock.acquire({ timeout: 50 })).rejects.toBeInstanceOf(WaitTimeout);
    holder.kill();
    expect(await Promise.all(waiting.map((result) => result.get()))).toEqual([
      { abandoned: true },
      { abandoned: true },
    ]);
    expect(await lock.acquire()).toEqual({ abandoned: false });
  });

  test('whose holder died with nobody waiting tells the next', async () => {
    const lock = manager.lock();
    const queue = newQueue();
    const holder = run('dieInside', lock, queue);
    await queue.get();
    holder.kill();
    await holder.join();
    expect(await lock.acquire()).toEqual({ abandoned: true });
    await lock.release();
    expect(await lock.acquire()).toEqual({ abandoned: false });
  });
});

test('a manager that is gone is gone for all', async () => {
  const dict = manager.dict<string, number>();
  await dict.set('x', 1);
  const waiting = manager.queue().get();
  const told = expect(waiting).rejects.toBeInstanceOf(ConnectionClosed);
  await manager.shutdown();
  await told;
  await expect(dict.get('x')).rejects.toBeInstanceOf(ConnectionClosed);
  expect(() => manager.dict()).toThrow(MisuseError);
});

describe('a manager that has not booted yet', () => {
  let booting: ManagerType;
  beforeEach(() => {
    booting = new Manager();
    process.kill(booting.pid as number, 'SIGSTOP');
  });
  afterEach(() => booting.shutdown());

  test('hears of deaths: nobody dead gets the lock', async () => {
    const lock = booting.lock();
    const queue = newQueue();
    const dead = run('ask', lock, queue);
    expect(await queue.get()).toBe('asked');
    dead.kill();
    await dead.join();
    process.kill(booting.pid as number, 'SIGCONT');
    expect(await lock.acquire()).toEqual({ abandoned: true });
  });

  test('and dies is gone for those who wait in other processes, too', async () => {
    const queue = newQueue();
    const waiting = pool.apply(fixture<[Lock, typeof queue]>('processes.js', 'ask'), [booting.lock(), queue]);
    expect(await queue.get()).toBe('asked');
    const told = expect(waiting).rejects.toBeInstanceOf(ConnectionClosed);
    await booting.shutdown();
    await told;
  });
});
