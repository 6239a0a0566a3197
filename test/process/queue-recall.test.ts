import { expect, test } from 'vitest';
import { Link } from '../../src/process/link.ts';
import { QueueCore } from '../../src/process/queue-core.ts';
import { router } from '../../src/process/router.ts';
import type { Message } from '../../src/process/wire.ts';

/** A process below this one that keeps what it is sent. */
function listener(address: string): Message[] {
  const heard: Message[] = [];
  const send = (message: unknown): boolean => heard.push(message as Message) > 0;
  router.addChild(address, new Link({ connected: true, send }));
  return heard;
}

test('room that was promised to a waiting producer and is wanted back in the same turn: the promise arrives first', () => {
  const toA = listener('r.1');
  const toB = listener('r.2');
  router.host('q', new QueueCore('q', 4));
  const put = (from: string, seq: number): void =>
    router.receive(
      { type: 'call', to: 'r', from, seq, object: 'q', op: { op: 'put', item: seq, wait: null }, handles: [] },
      from,
    );

  put('r.2', 1);
  expect(toB).toMatchObject([{ type: 'reply', seq: 1, value: 2 }]);
  put('r.1', 1);
  put('r.1', 2);
  expect(toA).toMatchObject([{ type: 'reply', seq: 1, value: 0 }]);
  expect(toB.splice(0)).toMatchObject([{ type: 'reply' }, { type: 'notice', notice: { type: 'recall' } }]);

  // What one process sends is often read in one go: no microtask runs in between.
  router.receive(
    { type: 'call', to: 'r', from: 'r.2', seq: 0, object: 'q', op: { op: 'return', credit: 2 }, handles: [] },
    'r.2',
  );
  put('r.2', 2);
  expect(toA.slice(1)).toMatchObject([
    { type: 'reply', seq: 2, value: 1 },
    { type: 'notice', notice: { type: 'recall' } },
  ]);
});
