import { expect, test } from 'vitest';
import { WorkerSlots } from '../../src/broker/worker-slots.ts';

test('jobs get workers in their order; one that waits for long is turned away', async () => {
  const slots = new WorkerSlots(1);
  expect(await slots.acquire()).toBe(true);
  const [second, third] = [slots.acquire(), slots.acquire()];
  slots.release();
  expect(await second).toBe(true);
  expect(await third).toBe(false);
  // Who was turned away keeps nobody from a worker.
  slots.release();
  expect(await slots.acquire()).toBe(true);
  const last = slots.acquire();
  slots.close();
  expect([await last, await slots.acquire()]).toEqual([false, false]);
});
