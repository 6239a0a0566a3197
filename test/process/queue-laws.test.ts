import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { Fifo } from '../../src/process/fifo.ts';
import type { ProcessPool, Queue as QueueType } from '../../src/process/index.ts';
import { fixture, Pool, Queue } from './toolkit.ts';

type Item = [name: string, index: number];

/** What one producer does: how many items, awaiting each or all at once, with pauses of so many turns of the event loop. */
interface Plan {
  count: number;
  atOnce: boolean;
  pause: number;
}
const plan = fc.record({
  count: fc.integer({ min: 0, max: 40 }),
  atOnce: fc.boolean(),
  pause: fc.integer({ min: 0, max: 3 }),
});
const capacity = fc.oneof(fc.integer({ min: 1, max: 12 }), fc.constant(Number.POSITIVE_INFINITY));

/** Each producer's items: all of them once, and within what one consumer got in their order. */
function checkAll(plans: Plan[], got: Item[][]): void {
  for (const [producer, { count }] of plans.entries()) {
    const name = String(producer);
    const parts = got.map((items) => items.filter(([from]) => from === name).map(([, index]) => index));
    for (const part of parts) expect(part).toEqual([...part].sort((a, b) => a - b));
    expect(parts.flat().sort((a, b) => a - b)).toEqual(Array.from({ length: count }, (_, index) => index));
  }
}

const produce = fixture<[QueueType<Item>, string, Plan], void>('plans.js', 'produce');
const consume = fixture<[QueueType<Item>, number], Item[]>('plans.js', 'consume');

describe('no interleaving loses, repeats, or reorders one producer’s items', () => {
  let pool: ProcessPool;
  beforeAll(() => {
    pool = new Pool(4);
  });
  afterAll(async () => pool.terminate());

  test('in one process', async () => {
    const plans = await import(produce.module);
    await fc.assert(
      fc.asyncProperty(
        capacity,
        fc.array(plan, { maxLength: 5 }),
        fc.array(fc.integer({ max: 3, min: 0 }), { minLength: 1, maxLength: 4 }),
        async (size, producers, consumers) => {
          const queue = new Queue<Item>(size);
          const got: Promise<Item[]>[] = consumers.map((pause) => plans.consume(queue, pause));
          await Promise.all(producers.map((each, index) => plans.produce(queue, String(index), each)));
          await queue.close();
          checkAll(producers, await Promise.all(got));
        },
      ),
      { numRuns: 60 },
    );
  });

  test('between processes', async () => {
    await fc.assert(
      fc.asyncProperty(
        capacity,
        fc.array(plan, { minLength: 1, maxLength: 2 }),
        plan,
        fc.integer({ min: 0, max: 3 }),
        async (size, remote, local, pause) => {
          const { produce: produceHere, consume: consumeHere } = await import(produce.module);
          const queue = new Queue<Item>(size);
          const got = [
            pool.apply(consume, [queue, pause]),
            pool.apply(consume, [queue, 0]),
            consumeHere(queue, pause) as Promise<Item[]>,
          ];
          const producing = remote.map((each, index) => pool.apply(produce, [queue, String(index), each]));
          await Promise.all([...producing, produceHere(queue, String(remote.length), local)]);
          await queue.close();
          checkAll([...remote, local], await Promise.all(got));
        },
      ),
      // One that hangs is named, and not made smaller: the workers are still in it.
      { numRuns: 60, timeout: 20_000, endOnFailure: true },
    );
  });
});

test('a Fifo is an array with shift', () => {
  const step = fc.oneof(
    fc.record({ do: fc.constantFrom('push' as const, 'unshift' as const), item: fc.integer() }),
    fc.record({ do: fc.constantFrom('shift' as const, 'drain' as const), item: fc.constant(0) }),
    fc.record({
      do: fc.constantFrom('pushMany' as const, 'shiftMany' as const),
      item: fc.integer({ min: 0, max: 200 }),
    }),
  );
  fc.assert(
    fc.property(fc.array(step), (steps) => {
      const fifo = new Fifo<number>();
      const model: number[] = [];
      for (const { do: what, item } of steps) {
        const times = what === 'pushMany' || what === 'shiftMany' ? item : 1;
        for (let time = 0; time < times; time++) {
          if (what === 'push' || what === 'pushMany') {
            fifo.push(item);
            model.push(item);
          } else if (what === 'unshift') {
            fifo.unshift(item);
            model.unshift(item);
          } else if (what === 'drain') expect(fifo.drain()).toEqual(model.splice(0));
          else expect(fifo.shift()).toBe(model.shift());
        }
        expect(fifo.length).toBe(model.length);
        expect(fifo.peek()).toBe(model[0]);
      }
    }),
  );
});
