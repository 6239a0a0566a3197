import { Duplex } from 'node:stream';
import { expect, test } from 'vitest';
import '../../src/process/pipe.ts';
import { encodeError } from '../../src/process/error-codec.ts';
import { QueueClosed, QueueEmpty } from '../../src/process/errors.ts';
import { FrameReader } from '../../src/process/frames.ts';
import { Link } from '../../src/process/link.ts';
import { laneId, PipeCore } from '../../src/process/pipe-core.ts';
import type { About, Message, Operation } from '../../src/process/protocol.ts';
import { Queue } from '../../src/process/queue.ts';
import { QueueCore } from '../../src/process/queue-core.ts';
import { router } from '../../src/process/router.ts';
import { Existing } from '../../src/process/shared.ts';

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

function notify(from: string, object: string, what: About, count = 1): void {
  router.receive({ type: 'notice', to: 'r', from, object, what, count }, from);
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
  expect(toB.splice(0)).toMatchObject([{ type: 'reply' }, { type: 'notice', what: 'recallCredit' }]);

  // What one process sends is often read in one go: no microtask runs in between.
  notify('r.2', 'q', 'credit', 2);
  put('r.2', 2);
  expect(toA.slice(1)).toMatchObject([
    { type: 'reply', seq: 2, value: 1 },
    { type: 'notice', what: 'recallCredit' },
  ]);
});

test('items are sent ahead to the only consumer; another one gets none before they are taken or back', () => {
  const heard = { 'r.6': listener('r.6'), 'r.7': listener('r.7') };
  router.host('ahead', new QueueCore('ahead', 100));
  const call = (from: keyof typeof heard, seq: number, op: Operation): Message[] => {
    router.receive({ type: 'call', to: 'r', from, seq, object: 'ahead', op, handles: [] }, from);
    return heard[from].splice(0);
  };
  const get = { op: 'get', wait: null, bytes: null, ahead: 5, waiting: 1 } as const;
  const taken = (from: string): void => notify(from, 'ahead', 'taken');
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
  notify('r.6', 'ahead', 'more', 5);
  expect(heard['r.6'].splice(0)).toMatchObject([items(10)]);
  expect(call('r.6', 6, { op: 'size' })).toMatchObject([{ value: 14 }]);

  expect(call('r.7', 1, get)).toEqual([]);
  expect(heard['r.6'].splice(0)).toMatchObject([{ type: 'notice', what: 'recallItems' }]);
  taken('r.6');
  notify('r.6', 'ahead', 'returned', 4);
  expect(heard['r.6']).toEqual([]);
  expect(heard['r.7'].splice(0)).toMatchObject([items(7)]);
  expect(call('r.6', 7, get)).toMatchObject([items(8)]);
  taken('r.6');

  // The item that r.7 was sent has not been seen by anybody.
  router.removeChild('r.7');
  expect(heard['r.6'].splice(0)).toEqual([{ type: 'gone', address: 'r.7' }]);
  expect(call('r.6', 8, get)).toMatchObject([items(7)]);
});

test('a get that crosses items on their way to it is answered by these: no item is sent to where nobody waits', () => {
  const heard = listener('r.8');
  const core = new QueueCore('crossing', 100);
  router.host('crossing', core);
  const call = (seq: number, op: Operation): Message[] => {
    router.receive({ type: 'call', to: 'r', from: 'r.8', seq, object: 'crossing', op, handles: [] }, 'r.8');
    return heard.splice(0);
  };
  const get = (seq: number, waiting: number): Message[] => {
    return call(seq, { op: 'get', wait: null, bytes: null, ahead: 1, waiting });
  };
  const taken = (): void => notify('r.8', 'crossing', 'taken');
  const put = (item: number): unknown => core.handle({ op: 'put', item: String(item), wait: 0 }, 'r', []);
  const items = (...values: number[]) => ({ items: values.map((value) => ({ value: Buffer.from(String(value)) })) });
  for (let item = 0; item < 6; item++) put(item);
  for (let seq = 1; seq <= 4; seq++) {
    get(seq, 1);
    taken();
  }
  expect(get(5, 1)).toMatchObject([items(4, 5)]);

  // It has taken 4 when it asks for more, and 5 when it calls get: 6 is on its way by then.
  taken();
  put(6);
  notify('r.8', 'crossing', 'more', 2);
  expect(heard.splice(0)).toMatchObject([items(6)]);
  taken();
  expect(get(6, 1)).toMatchObject([{ type: 'items', seq: 6, items: [] }]);
  // A second call of get beside the first one wants one more.
  expect(get(7, 2)).toEqual([]);
  put(7);
  expect(heard.splice(0)).toMatchObject([{ seq: 7, ...items(7) }]);
  put(8);
  expect(heard).toEqual([]);
  expect(core.handle({ op: 'size' }, 'r', [])).toMatchObject({ value: 3 });
});

test('a refusal and an item that arrive together are for the calls that asked for them', async () => {
  const heard = listener('r.10');
  const queue = new Queue(new Existing({ kind: 'queue', id: 'r.10:1', owner: 'r.10', detail: 10 }));
  const [first, second] = [queue.get({ timeout: 50 }), queue.get()];
  const [{ seq: refused }, { seq: answered }] = heard as unknown as [{ seq: number }, { seq: number }];
  const error = encodeError(new QueueEmpty('no item within 50 ms'));
  router.receive({ type: 'refusal', to: 'r', seq: refused, error }, 'r.10');
  const items = [{ value: '1', packed: true as const, handles: [] }];
  router.receive({ type: 'items', to: 'r', from: 'r.10', object: 'r.10:1', seq: answered, items }, 'r.10');
  await expect(first).rejects.toThrow(QueueEmpty);
  expect(await second).toBe(1);
});

test('credit that comes back from a consumer says nothing of the items that it has', () => {
  const heard = listener('r.9');
  const core = new QueueCore('both', 100);
  router.host('both', core);
  const call = (seq: number, op: Operation): Message[] => {
    router.receive({ type: 'call', to: 'r', from: 'r.9', seq, object: 'both', op, handles: [] }, 'r.9');
    return heard.splice(0);
  };
  for (let item = 0; item < 10; item++) call(item + 1, { op: 'put', item: String(item), wait: null });
  for (let seq = 11; seq <= 14; seq++) {
    call(seq, { op: 'get', wait: null, bytes: null, ahead: 5, waiting: 1 });
    notify('r.9', 'both', 'taken');
  }
  expect(call(15, { op: 'get', wait: null, bytes: null, ahead: 3, waiting: 1 })).toMatchObject([
    { items: [{}, {}, {}, {}] },
  ]);
  notify('r.9', 'both', 'credit', 50);

  // 4 to 7 are there: 8 would be given out before them.
  core.handle({ op: 'get', wait: null, bytes: null, ahead: 0, waiting: 1 }, 'r', []);
  expect(heard).toMatchObject([{ type: 'notice', what: 'recallItems' }]);
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
  notify('r.3', 'endless', 'credit', promised('r.3'));
  notify('r.4', 'endless', 'credit', promised('r.4') - 1);
  core.close();
  const get = (): unknown => core.handle({ op: 'get', wait: 0, bytes: null, ahead: 0, waiting: 1 }, 'r', []);
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
  notify('r.5', lane.object, 'credit', 63);
  inner.handle({ op: 'drop', end: 0, holder: 'r' }, 'r', []);

  expect(router.hosted(laneId('inner', 0))).toBeNull();
  expect(router.hosted(laneId('outer', 0))).toBeNull();
});

test('a sole reader whose get crosses items on their way is told of no stream: it may not listen when that arrives', () => {
  const heard = listener('r.9');
  const core = new QueueCore('sole', 100);
  router.host('sole', core);
  const call = (seq: number, op: Operation): Message[] => {
    router.receive({ type: 'call', to: 'r', from: 'r.9', seq, object: 'sole', op, handles: [] }, 'r.9');
    return heard.splice(0);
  };
  const get = (seq: number): Message[] => call(seq, { op: 'get', wait: null, bytes: null, ahead: 1, waiting: 1 });
  const taken = (): void => notify('r.9', 'sole', 'taken');
  for (let item = 0; item < 7; item++) core.handle({ op: 'put', item: String(item), wait: 0 }, 'r', []);
  for (let seq = 1; seq <= 5; seq++) {
    get(seq);
    taken();
  }
  notify('r.9', 'sole', 'more', 2);
  expect(heard.splice(0)).toMatchObject([{ type: 'items', items: [{}] }]);
  taken();

  core.setSoleReader('r.9');
  expect(get(6)).toMatchObject([{ type: 'items', seq: 6, items: [] }]);
  taken();
  expect(get(7)).toMatchObject([{ type: 'notice', what: 'stream' }]);
});
