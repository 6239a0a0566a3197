import { Duplex } from 'node:stream';
import { expect, test } from 'vitest';
import '../../src/process/pipe.ts';
import { QueueClosed } from '../../src/process/errors.ts';
import { FrameReader } from '../../src/process/frames.ts';
import { Link } from '../../src/process/link.ts';
import { laneId, PipeCore } from '../../src/process/pipe-core.ts';
import type { Message, Operation } from '../../src/process/protocol.ts';
import { QueueCore } from '../../src/process/queue-core.ts';
import { router } from '../../src/process/router.ts';

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
      {
        type: 'call',
        to: 'r',
        from,
        seq,
        object: 'q',
        op: { op: 'put', item: String(seq), wait: null },
        handles: [],
      },
      from,
    );

  put('r.2', 1);
  expect(toB).toMatchObject([{ type: 'reply', seq: 1, value: 2 }]);
  put('r.1', 1);
  put('r.1', 2);
  expect(toA).toMatchObject([{ type: 'reply', seq: 1, value: 0 }]);
  expect(toB.splice(0)).toMatchObject([
    { type: 'reply' },
    { type: 'notice', notice: { type: 'recall', what: 'credit' } },
  ]);

  // What one process sends is often read in one go: no microtask runs in between.
  router.receive(
    { type: 'call', to: 'r', from: 'r.2', seq: 0, object: 'q', op: { op: 'return', credit: 2, items: 0 }, handles: [] },
    'r.2',
  );
  put('r.2', 2);
  expect(toA.slice(1)).toMatchObject([
    { type: 'reply', seq: 2, value: 1 },
    { type: 'notice', notice: { type: 'recall', what: 'credit' } },
  ]);
});

test('items are sent ahead to the only consumer; another one gets none before they are taken or back', () => {
  const heard = { 'r.6': listener('r.6'), 'r.7': listener('r.7') };
  router.host('ahead', new QueueCore('ahead', 100));
  const call = (from: keyof typeof heard, seq: number, op: Operation): Message[] => {
    router.receive({ type: 'call', to: 'r', from, seq, object: 'ahead', op, handles: [] }, from);
    return heard[from].splice(0);
  };
  const get = { op: 'get', wait: null, bytes: null, ahead: 5 } as const;
  const taken = (from: string): void => router.receive({ type: 'taken', to: 'r', from, object: 'ahead' }, from);
  const items = (...values: number[]) => ({ items: values.map((value) => ({ value: Buffer.from(String(value)) })) });
  for (let item = 0; item < 20; item++) {
    router.hosted('ahead')?.handle({ op: 'put', item: String(item), wait: 0 }, 'r', []);
  }

  for (let seq = 1; seq <= 4; seq++) {
    expect(call('r.6', seq, get)).toMatchObject([items(seq - 1)]);
    taken('r.6');
  }
  expect(call('r.6', 5, get)).toMatchObject([items(4, 5, 6, 7, 8, 9)]);
  taken('r.6');
  taken('r.6');
  expect(call('r.6', 0, { op: 'more', ahead: 5 })).toMatchObject([items(10)]);
  expect(call('r.6', 6, { op: 'size' })).toMatchObject([{ value: 14 }]);

  expect(call('r.7', 1, get)).toEqual([]);
  expect(heard['r.6'].splice(0)).toMatchObject([{ notice: { what: 'items' } }]);
  taken('r.6');
  expect(call('r.6', 7, get)).toEqual([]);
  expect(call('r.6', 0, { op: 'return', credit: 0, items: 4 })).toMatchObject([items(8)]);
  expect(heard['r.7'].splice(0)).toMatchObject([items(7)]);

  // The item that r.7 was sent has not been seen by anybody.
  router.removeChild('r.7');
  expect(call('r.6', 8, get)).toMatchObject([items(7)]);
});

test('room promised without end, to who puts ten thousand at once: it still adds up, and the queue ends', () => {
  const heard = { 'r.3': listener('r.3'), 'r.4': listener('r.4') };
  type Producer = keyof typeof heard;
  const core = new QueueCore('endless', Number.POSITIVE_INFINITY);
  router.host('endless', core);
  const call = (from: Producer, seq: number, op: Operation): void =>
    router.receive({ type: 'call', to: 'r', from, seq, object: 'endless', op, handles: [] }, from);
  const item = (from: Producer): void =>
    router.receive(
      { type: 'items', to: 'r', from, object: 'endless', seq: 0, items: [{ value: '0', packed: true, handles: [] }] },
      from,
    );
  const promised = (to: Producer): number =>
    heard[to].reduce((sum, message) => sum + (message.type === 'reply' ? Number(message.value) : 0), 0);

  for (let seq = 1; seq <= 10_000; seq++) call('r.3', seq, { op: 'put', item: '0', wait: null });
  call('r.4', 1, { op: 'put', item: '0', wait: null });
  item('r.4');
  call('r.3', 0, { op: 'return', credit: promised('r.3'), items: 0 });
  call('r.4', 0, { op: 'return', credit: promised('r.4') - 1, items: 0 });
  core.close();
  const get = (): unknown => core.handle({ op: 'get', wait: 0, bytes: null, ahead: 0 }, 'r', []);
  for (let count = 0; count < 10_002; count++) get();
  expect(get).toThrow(QueueClosed);
});

test('what was sent on promised room to an end of a pipe that nobody holds any more is thrown away, with the ends in it', () => {
  const heard = listener('r.5');
  const [outer, inner] = [new PipeCore('outer'), new PipeCore('inner')];
  const end = { kind: 'pipe', id: 'inner', owner: 'r', detail: 2 };
  const lane = { to: 'r', from: 'r.5', object: laneId('outer', 0) };
  router.receive({ type: 'call', ...lane, seq: 1, op: { op: 'put', item: '0', wait: null }, handles: [] }, 'r.5');
  expect(heard).toMatchObject([{ type: 'reply', value: 64 }]);

  outer.handle({ op: 'drop', end: 0, holder: 'r' }, 'r', []);
  // On its way before the recall arrives: the end of another pipe, which its sender then lets go.
  inner.handle({ op: 'hold', end: 0, holder: 'r' }, 'r', []);
  router.receive(
    { type: 'items', ...lane, seq: 0, items: [{ value: JSON.stringify(end), packed: true, handles: [end] }] },
    'r.5',
  );
  router.receive({ type: 'call', ...lane, seq: 0, op: { op: 'return', credit: 63, items: 0 }, handles: [] }, 'r.5');
  inner.handle({ op: 'drop', end: 0, holder: 'r' }, 'r', []);

  expect(router.hosted(laneId('inner', 0))).toBeNull();
  expect(router.hosted(laneId('outer', 0))).toBeNull();
});
