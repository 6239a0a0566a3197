import { Duplex } from 'node:stream';
import { expect, test } from 'vitest';
import '../../src/process/pipe.ts';
import { QueueClosed } from '../../src/process/errors.ts';
import { FrameReader } from '../../src/process/frames.ts';
import { Link } from '../../src/process/link.ts';
import { laneId, PipeCore } from '../../src/process/pipe-core.ts';
import { QueueCore } from '../../src/process/queue-core.ts';
import { router } from '../../src/process/router.ts';
import type { Message, Operation } from '../../src/process/wire.ts';

/** A process below this one that keeps what it is sent. */
function listener(address: string): Message[] {
  const heard: Message[] = [];
  const reader = new FrameReader((message) => heard.push(message));
  const write = (frame: Buffer, _: string, done: () => void): void => {
    reader.push(frame);
    done();
  };
  router.addChild(address, new Link(new Duplex({ write, read() {} }), () => {}));
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

test('room promised without end, to who puts ten thousand at once: it still adds up, and the queue ends', () => {
  const heard = { 'r.3': listener('r.3'), 'r.4': listener('r.4') };
  type Producer = keyof typeof heard;
  const core = new QueueCore('endless', Number.POSITIVE_INFINITY);
  router.host('endless', core);
  const call = (from: Producer, seq: number, op: Operation): void =>
    router.receive({ type: 'call', to: 'r', from, seq, object: 'endless', op, handles: [] }, from);
  const item = (from: Producer): void =>
    router.receive({ type: 'item', to: 'r', from, object: 'endless', item: 0, handles: [] }, from);
  const promised = (to: Producer): number =>
    heard[to].reduce((sum, message) => sum + (message.type === 'reply' ? Number(message.value) : 0), 0);

  for (let seq = 1; seq <= 10_000; seq++) call('r.3', seq, { op: 'put', item: 0, wait: null });
  call('r.4', 1, { op: 'put', item: 0, wait: null });
  item('r.4');
  call('r.3', 0, { op: 'return', credit: promised('r.3') });
  call('r.4', 0, { op: 'return', credit: promised('r.4') - 1 });
  core.close();
  const get = (): unknown => core.handle({ op: 'get', wait: 0, bytes: null }, 'r', []);
  for (let count = 0; count < 10_002; count++) get();
  expect(get).toThrow(QueueClosed);
});

test('what was sent on promised room to an end of a pipe that nobody holds any more is thrown away, with the ends in it', () => {
  const heard = listener('r.5');
  const [outer, inner] = [new PipeCore('outer'), new PipeCore('inner')];
  const end = { kind: 'pipe', id: 'inner', home: 'r', detail: 2 };
  const lane = { to: 'r', from: 'r.5', object: laneId('outer', 0) };
  router.receive({ type: 'call', ...lane, seq: 1, op: { op: 'put', item: 0, wait: null }, handles: [] }, 'r.5');
  expect(heard).toMatchObject([{ type: 'reply', value: 64 }]);

  outer.handle({ op: 'drop', end: 0, holder: 'r' }, 'r', []);
  // On its way before the recall arrives: the end of another pipe, which its sender then lets go.
  inner.handle({ op: 'hold', end: 0, holder: 'r' }, 'r', []);
  router.receive({ type: 'item', ...lane, item: end, handles: [end] }, 'r.5');
  router.receive({ type: 'call', ...lane, seq: 0, op: { op: 'return', credit: 63 }, handles: [] }, 'r.5');
  inner.handle({ op: 'drop', end: 0, holder: 'r' }, 'r', []);

  expect(router.hosted(laneId('inner', 0))).toBeNull();
  expect(router.hosted(laneId('outer', 0))).toBeNull();
});
