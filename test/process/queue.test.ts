import { afterEach, describe, expect, test } from 'vitest';
import type { ProcessPool, Process as ProcessType, Queue as QueueType } from '../../src/process/index.ts';
import {
  ConnectionClosed,
  fixture,
  NotCloneable,
  Pool,
  Process,
  Queue,
  QueueClosed,
  QueueEmpty,
  QueueFull,
  until,
} from './toolkit.ts';

type Item = [name: string, index: number];
const produce = fixture<[QueueType<Item>, string, number], void>('queues.js', 'produce');
const produceAtOnce = fixture<[QueueType<Item>, string, number], void>('queues.js', 'produceAtOnce');
const consume = fixture<[QueueType<Item>], Item[]>('queues.js', 'consume');

const started: { terminate(): unknown }[] = [];
function newPool(size: number): ProcessPool {
  const pool = new Pool(size);
  started.push(pool);
  return pool;
}
function run(name: string, ...args: unknown[]): ProcessType {
  const child = new Process(fixture('queues.js', name), args);
  child.start();
  started.push(child);
  return child;
}
afterEach(async () => {
  await Promise.all(started.splice(0).map((one) => one.terminate()));
});

function items(name: string, count: number): Item[] {
  return Array.from({ length: count }, (_, index) => [name, index]);
}

describe('within one process', () => {
  test('first in, first out', async () => {
    const queue = new Queue<number>();
    for (const number of [1, 2, 3]) await queue.put(number);
    expect([await queue.get(), await queue.get(), await queue.get()]).toEqual([1, 2, 3]);
  });

  test('a full queue makes put wait, and an empty one get', async () => {
    const queue = new Queue<number>(1);
    await queue.put(1);
    const second = queue.put(2);
    await expect(queue.putNowait(3)).rejects.toBeInstanceOf(QueueFull);
    await expect(queue.put(3, { timeout: 1 })).rejects.toBeInstanceOf(QueueFull);
    expect([await queue.qsize(), await queue.full(), await queue.empty()]).toEqual([1, true, false]);
    expect(await queue.get()).toBe(1);
    await second;
    expect(await queue.getNowait()).toBe(2);
    await expect(queue.getNowait()).rejects.toBeInstanceOf(QueueEmpty);
    await expect(queue.get({ timeout: 1 })).rejects.toBeInstanceOf(QueueEmpty);
    const waiting = queue.get();
    await queue.put(4);
    expect(await waiting).toBe(4);
  });

  test('a closed queue gives what it has, then ends the loops; what waited to get in still does', async () => {
    const queue = new Queue<number>(1);
    await queue.put(1);
    const waiting = queue.put(2);
    await queue.close();
    await expect(queue.put(3)).rejects.toBeInstanceOf(QueueClosed);
    const seen: number[] = [];
    for await (const item of queue) seen.push(item);
    await waiting;
    expect(seen).toEqual([1, 2]);
    await expect(queue.get()).rejects.toBeInstanceOf(QueueClosed);
  });

  test('an item is a copy, as it would be elsewhere', async () => {
    const queue = new Queue<{ bytes: Buffer; when: Date; list: number[] }>();
    const item = { bytes: Buffer.from('abc'), when: new Date(7), list: [1] };
    await queue.put(item);
    item.list.push(2);
    const got = await queue.get();
    expect(got).toEqual({ bytes: Buffer.from('abc'), when: new Date(7), list: [1] });
    expect(Buffer.isBuffer(got.bytes)).toBe(true);
  });

  test('what cannot be cloned is refused at put, and named', async () => {
    const queue = new Queue<unknown>(1);
    const put = queue.put({ 'a b': new Map([['x', { f: () => 1 }]]) });
    await expect(put).rejects.toBeInstanceOf(NotCloneable);
    await expect(put).rejects.toMatchObject({ path: '["a b"].get(x).f' });
    expect(await queue.qsize()).toBe(0);
  });

  test('capacities that make no sense', () => {
    for (const capacity of [1.5, Number.NaN]) expect(() => new Queue(capacity)).toThrow(RangeError);
  });
});

describe('between processes', () => {
  test.each([1, 3, 10, Number.POSITIVE_INFINITY])(
    'capacity %s: everything once, in each producer’s order',
    async (capacity) => {
      const queue = new Queue<Item>(capacity);
      const pool = newPool(3);
      const results = [
        pool.applyAsync(produce, [queue, 'a', 300]),
        pool.applyAsync(produceAtOnce, [queue, 'b', 300]),
        pool.applyAsync(consume, [queue]),
      ];
      const own = produceHere(queue, 'c', 300);
      const here: Item[] = [];
      const consuming = (async () => {
        for await (const item of queue) here.push(item);
      })();
      await Promise.all([results[0]?.get(), results[1]?.get(), own]);
      await queue.close();
      await consuming;
      const there = (await results[2]?.get()) as Item[];
      for (const name of ['a', 'b', 'c']) {
        const mine = here.filter(([from]) => from === name);
        const theirs = there.filter(([from]) => from === name);
        expect([...mine, ...theirs].sort((x, y) => x[1] - y[1])).toEqual(items(name, 300));
        for (const part of [mine, theirs]) expect(part).toEqual([...part].sort((x, y) => x[1] - y[1]));
      }
    },
  );

  test('the same answers as at home', async () => {
    const pool = newPool(1);
    const answer = await pool.apply(fixture('queues.js', 'tryEverything'), [new Queue(2)]);
    expect(answer).toEqual({
      errors: ['QueueFull', 'QueueFull', 'QueueEmpty', 'QueueEmpty', 'QueueClosed', 'QueueClosed'],
      sizes: [2, true, false, 0, false, true, 0, false, true],
      items: [1, 2],
    });
  });

  test('what cannot be cloned is refused at put, in the child', async () => {
    const pool = newPool(1);
    const refused = await pool.apply(fixture('queues.js', 'putUncloneable'), [new Queue()]);
    expect(refused).toEqual({ name: 'NotCloneable', path: '.rows[1].callback' });
  });

  test('put from a loop that never comes back arrives while it runs', async () => {
    const queue = new Queue<number>(4);
    run('floodAndSpin', queue, 50);
    for (let index = 0; index < 50; index++) expect(await queue.get()).toBe(index);
  });

  test('credit of a producer that does not use it is found for others', async () => {
    const queue = new Queue<string>(8);
    const gate = new Queue<number>();
    const holder = run('putOneAndHold', queue, gate);
    expect(await queue.get()).toBe('one');
    expect(await queue.get()).toBe('two');
    for (let count = 0; count < 8; count++) await queue.put('here');
    await expect(queue.putNowait('more')).rejects.toBeInstanceOf(QueueFull);
    await gate.put(1);
    await holder.join();
  });

  test('a dead process leaves neither requests nor promises behind', async () => {
    const queue = new Queue<string>();
    const full = new Queue<string>(2);
    await full.put('a');
    await full.put('b');
    await run('dieBusy', queue, full).join();
    await queue.put('for the living');
    expect(await queue.get({ timeout: 1000 })).toBe('for the living');
    expect([await full.get(), await full.get()]).toEqual(['a', 'b']);
    await expect(full.getNowait()).rejects.toBeInstanceOf(QueueEmpty);
  });

  test('a slow consumer keeps the memory of both sides flat', async () => {
    const queue = new Queue<Buffer>(10);
    const pool = newPool(1);
    const produceMany = fixture<[QueueType<Buffer>, number, number], number>('queues.js', 'produceMany');
    // 200 MB in all: one that does not wait for the other would soon have most of it in memory.
    const growth = pool.applyAsync(produceMany, [queue, 5_000, 40_000]);
    const before = process.memoryUsage().rss;
    let count = 0;
    let most = 0;
    for await (const item of queue) {
      count += item.length;
      if (count % 4_000_000 !== 0) continue;
      await new Promise((resolve) => setTimeout(resolve, 1));
      most = Math.max(most, process.memoryUsage().rss - before);
    }
    expect(count).toBe(200e6);
    expect(most).toBeLessThan(120e6);
    expect(await growth.get()).toBeLessThan(120e6);
  });
});

async function produceHere(queue: QueueType<Item>, name: string, count: number): Promise<void> {
  for (const item of items(name, count)) await queue.put(item);
}

describe('between relations', () => {
  test('from a grandchild’s child', async () => {
    const queue = new Queue<number>(2);
    run('nest', queue, 2);
    expect(await queue.get()).toBeGreaterThan(0);
  });

  test('a queue that lives in a child', async () => {
    const queue = new Queue<QueueType<string>>();
    const pool = newPool(1);
    const answer = pool.applyAsync(fixture('queues.js', 'homeHere'), [queue, 3]);
    const theirs = await queue.get();
    await theirs.put('hello');
    expect(await answer.get()).toBe('hello');
  });

  test('two siblings through a queue that lives in another child', async () => {
    const queue = new Queue<QueueType<Item>>();
    const gate = new Queue<number>();
    const home = run('homeUntil', queue, 5, gate);
    const theirs = await queue.get();
    const results = new Queue<Item>();
    const producer = run('produce', theirs, 'a', 20);
    run('consumeInto', theirs, results);
    for (let index = 0; index < 20; index++) expect(await results.get()).toEqual(['a', index]);
    await producer.join();
    await gate.put(1);
    await home.join();
  });

  test('a queue between two grandchildren', async () => {
    const results = new Queue<Item>(3);
    const child = run('introduce', results);
    const seen: Item[] = [];
    while (seen.length < 50) seen.push(await results.get());
    await child.join();
    expect(seen).toEqual(items('a', 50));
  });

  test('when its process is gone, who waits is told, and so is who asks later', async () => {
    const queue = new Queue<QueueType<string>>();
    const child = run('homeHere', queue, 5);
    const theirs = await queue.get();
    expect(await theirs.qsize()).toBe(0);
    const waiting = theirs.get();
    child.kill();
    await expect(waiting.catch((error: unknown) => error)).resolves.toBeInstanceOf(Error);
    await until(() => !child.isAlive());
    await expect(theirs.get()).rejects.toBeInstanceOf(ConnectionClosed);
    await expect(theirs.put('x')).rejects.toBeInstanceOf(ConnectionClosed);
    await theirs.close();
  });

  test('a sibling is told as well', async () => {
    const queue = new Queue<QueueType<string>>();
    const child = run('homeHere', queue, 5);
    const theirs = await queue.get();
    const pool = newPool(1);
    const waiting = pool.applyAsync(consume as never, [theirs] as never);
    await until(() => pool.workers[0]?.busy === true);
    child.kill();
    // The child may also die before the sibling has asked: it is told then.
    await expect(waiting.get()).rejects.toMatchObject({ name: 'ConnectionClosed' });
  });

  test('a sibling with room promised to it does not go on putting into nothing', async () => {
    const queue = new Queue<QueueType<string>>();
    const child = run('homeHere', queue, 8);
    const theirs = await queue.get();
    const [ready, gate] = [new Queue<string>(), new Queue<string>()];
    const putting = newPool(1).apply(fixture('queues.js', 'putOneAndThen'), [theirs, ready, gate]);
    expect(await ready.get()).toBe('ready');
    child.kill();
    await child.join();
    await gate.put('go');
    expect(await putting).toBe('ConnectionClosed');
  });

  test('a producer that only ever awaits its puts hears of it', async () => {
    const queue = new Queue<QueueType<Buffer>>();
    const child = run('homeHere', queue, Number.POSITIVE_INFINITY);
    const theirs = await queue.get();
    setTimeout(() => child.kill(), 50);
    const put = async (size: number) => {
      const bytes = Buffer.alloc(size);
      for (;;) await theirs.put(bytes);
    };
    await expect(put(100_000)).rejects.toBeInstanceOf(ConnectionClosed);
  });
});
