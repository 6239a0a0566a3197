import { expect, test } from 'vitest';
import { fixture, JoinableQueue, MisuseError, Process, Queue, WaitTimeout } from './toolkit.ts';

test('join waits until every item is marked as done', async () => {
  const queue = new JoinableQueue<number>();
  await queue.join();
  await queue.put(1);
  await queue.put(2);
  const joined = queue.join().then(() => 'joined');
  await queue.get();
  await queue.taskDone();
  await expect(queue.join({ timeout: 1 })).rejects.toBeInstanceOf(WaitTimeout);
  await queue.get();
  await queue.taskDone();
  expect(await joined).toBe('joined');
  await expect(queue.taskDone()).rejects.toBeInstanceOf(MisuseError);
});

test('daemons that consume', async () => {
  const queue = new JoinableQueue<number | null>(5);
  const consume = fixture('queues.js', 'consumeJoinable');
  const children = [1, 2].map(() => new Process(consume, [queue], { daemon: true }));
  for (const child of children) child.start();
  for (let index = 0; index < 100; index++) await queue.put(index);
  await queue.join();
  expect(await queue.empty()).toBe(true);
  await queue.close();
  await Promise.all(children.map((child) => child.join()));
});

test('a process marks what it got, and no more', async () => {
  const [queue, outcomes] = [new JoinableQueue<number>(), new Queue<string>()];
  const child = new Process(fixture('queues.js', 'markThrice'), [queue, outcomes]);
  child.start();
  await queue.put(1);
  await queue.put(2);
  expect([await outcomes.get(), await outcomes.get(), await outcomes.get()]).toEqual(['done', 'done', 'MisuseError']);
  await queue.join();
  await child.join();
});

test('what a process has marked counts, though it ends at once with more items at hand', async () => {
  const queue = new JoinableQueue<number>();
  for (let index = 0; index < 400; index++) await queue.put(index);
  const child = new Process(fixture('queues.js', 'markAndExit'), [queue, 300]);
  child.start();
  await child.join();
  for (let left = await queue.qsize(); left > 0; left--) {
    expect(await queue.get()).toBe(400 - left);
    await queue.taskDone();
  }
  await queue.join({ timeout: 10_000 });
});

test('the last ones can be marked after the queue is closed and empty', async () => {
  const queue = new JoinableQueue<number>();
  await queue.put(1);
  await queue.get();
  await queue.close();
  await expect(queue.join({ timeout: 1 })).rejects.toBeInstanceOf(WaitTimeout);
  await queue.taskDone();
  await queue.join();
});
