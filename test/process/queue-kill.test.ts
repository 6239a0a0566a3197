import { readFileSync, writeFileSync } from 'node:fs';
import { afterEach, expect, test } from 'vitest';
import type { Process as ProcessType, Queue as QueueType } from '../../src/process/index.ts';
import { FULL } from '../faults/support/matrix.ts';
import { Random } from '../support/random.ts';
import { temp } from '../support/temp.ts';
import { fixture, Manager, Process, Queue, until } from './toolkit.ts';

const started = new Set<ProcessType>();
afterEach(async () => {
  for (const child of started) child.kill();
  await Promise.all([...started].map((child) => child.join().catch(() => {})));
  started.clear();
});

function run(name: string, ...args: unknown[]): ProcessType {
  const child = new Process(fixture('plans.js', name), args);
  child.start();
  started.add(child);
  return child;
}

/** Where consumers write down what they get. */
function newLog(): { path: string; items(): number[] } {
  const path = `${temp()}/log`;
  writeFileSync(path, '');
  return { path, items: () => readFileSync(path, 'latin1').split('\n').slice(0, -1).map(Number) };
}

function upTo(count: number): number[] {
  return Array.from({ length: count }, (_, index) => index);
}

const COUNT = 1000;

test.each([
  ['lives here', 100],
  ['lives here', 7],
  ['lives in a manager', Number.POSITIVE_INFINITY],
])(
  'a queue that %s, capacity %s: what a dead consumer had not taken goes to the next one, in order',
  async (home, capacity) => {
    const random = new Random(FULL ? Date.now() : 1);
    // With a short queue each item is a round trip, which takes long on a busy machine.
    const count = FULL ? COUNT : COUNT / 2;
    await using manager = new Manager();
    for (let round = 0; round < (FULL ? 20 : 1); round++) {
      const queue = home === 'lives here' ? new Queue<number>(capacity) : manager.queue<number>(capacity);
      const log = newLog();
      const producer = run('produceNumbers', queue, count);
      for (let kills = 0; kills < (FULL ? 10 : 3); kills++) {
        await run('consumeSome', queue, log.path, 1 + random.below(2 ** (1 + random.below(7))), 'die')
          .join()
          .catch(() => {});
      }
      const last = run('consumeSome', queue, log.path, count, '');
      await producer.join();
      await queue.close();
      await last.join();
      expect(log.items()).toEqual(upTo(count));
    }
  },
);

test('what a consumer was sent ahead and does not take is found for another one, in order', async () => {
  const queue = new Queue<number>();
  const log = newLog();
  for (const item of upTo(COUNT)) await queue.put(item);
  for (const taken of [40, 90, 30]) {
    const before = log.items().length;
    run('consumeSome', queue, log.path, taken, 'stay');
    while (log.items().length < before + taken) await new Promise((resolve) => setTimeout(resolve, 5));
  }
  // What the last one wrote down, this process may not have heard of yet.
  await until(async () => (await queue.qsize()) === COUNT - 160);
  for (let item = 160; item < 200; item++) expect(await queue.getNowait()).toBe(item);
  await queue.close();
  await run('consumeSome', queue, log.path, COUNT, '').join();
  expect(log.items()).toEqual(upTo(COUNT).filter((item) => item < 160 || item >= 200));
});

test('whoever is killed, at any moment: nothing twice, and lost only what a consumer was just given', async () => {
  const random = new Random(FULL ? Date.now() : 2);
  for (let round = 0; round < (FULL ? 40 : 1); round++) {
    const queue: QueueType<number> = new Queue<number>(1 + random.below(200));
    const log = newLog();
    const consumers = new Set<ProcessType>();
    // Without end: each victim has to get something before it dies.
    const producer = run('produceNumbers', queue, Number.POSITIVE_INFINITY);
    const kills = FULL ? 10 : 3;
    for (let kill = 0; kill < kills; kill++) {
      while (consumers.size < 2) consumers.add(run('consumeSome', queue, log.path, Number.POSITIVE_INFINITY, ''));
      const [victim] = consumers;
      const before = log.items().length;
      while (victim?.isAlive() && log.items().length === before) await new Promise((resolve) => setTimeout(resolve, 1));
      await new Promise((resolve) => setTimeout(resolve, random.below(20)));
      victim?.kill();
      if (victim !== undefined) consumers.delete(victim);
    }
    producer.kill();
    await producer.join().catch(() => {});
    const { length } = log.items();
    await queue.close();
    await Promise.all([...consumers].map((consumer) => consumer.join()));
    const rest: number[] = [];
    for await (const item of queue) rest.push(item);
    const all = [...log.items(), ...rest].sort((a, b) => a - b);
    expect(all.length).toBeGreaterThanOrEqual(length);
    expect(new Set(all).size).toBe(all.length);
    expect((all.at(-1) ?? -1) + 1 - all.length).toBeLessThanOrEqual(kills);
  }
});
