import { afterEach, describe, expect, test } from 'vitest';
import type { PipeEnd, Process as ProcessType } from '../../src/process/index.ts';
import {
  BufferTooShort,
  ConnectionClosed,
  EndOfFile,
  fixture,
  MisuseError,
  NotCloneable,
  Pool,
  Process,
  pipe,
  Queue,
  WaitTimeout,
} from './toolkit.ts';

const started: ProcessType[] = [];
function run(name: string, ...args: unknown[]): ProcessType {
  const child = new Process(fixture('queues.js', name), args);
  child.start();
  started.push(child);
  return child;
}
afterEach(async () => {
  for (const child of started.splice(0)) {
    child.kill();
    await child.join().catch(() => {});
  }
});

describe('within one process', () => {
  test('duplex: both ends send and receive', async () => {
    const [a, b] = pipe();
    await a.send({ to: 'b' });
    await b.send(['to', 'a']);
    expect(await b.recv()).toEqual({ to: 'b' });
    expect(await a.recv()).toEqual(['to', 'a']);
  });

  test('simplex: the first end receives, the second sends, and nothing else', async () => {
    const [reader, writer] = pipe({ duplex: false });
    await writer.send(1);
    expect(await reader.recv()).toBe(1);
    for (const wrong of [
      reader.send(1),
      reader.sendBytes(Buffer.from('x')),
      writer.recv(),
      writer.poll(),
      writer.recvBytes(),
    ]) {
      await expect(wrong).rejects.toBeInstanceOf(MisuseError);
    }
  });

  test('poll waits for a message, or for the end', async () => {
    const [a, b] = pipe();
    expect(await b.poll()).toBe(false);
    expect(await b.poll({ timeout: 1 })).toBe(false);
    const polling = b.poll({ timeout: 1e9 });
    await a.send(1);
    expect(await polling).toBe(true);
    expect(await b.poll()).toBe(true);
    await b.recv();
    await expect(b.recv({ timeout: 1 })).rejects.toBeInstanceOf(WaitTimeout);
    const last = b.poll({ timeout: 1e9 });
    a.close();
    expect(await last).toBe(true);
    expect(await b.poll()).toBe(true);
  });

  test('bytes, in whole and in part, into new memory and into given', async () => {
    const [a, b] = pipe();
    await a.sendBytes(Buffer.from('0123456789'));
    await a.sendBytes(Buffer.from('0123456789'), 2, 3);
    expect((await b.recvBytes()).toString()).toBe('0123456789');
    expect((await b.recvBytes(3)).toString()).toBe('234');
    await a.sendBytes(new Uint16Array([0x4141, 0x4242]));
    const target = Buffer.alloc(8, '.');
    expect(await b.recvBytesInto(target, 2)).toBe(4);
    expect(target.toString()).toBe('..AABB..');
    await expect(a.sendBytes(target, 4, 5)).rejects.toBeInstanceOf(RangeError);
  });

  test('a message too long for its receiver stays', async () => {
    const [a, b] = pipe();
    const waiting = b.recvBytes(3);
    await a.sendBytes(Buffer.from('12345'));
    await expect(waiting).rejects.toBeInstanceOf(BufferTooShort);
    await expect(b.recvBytesInto(Buffer.alloc(8), 5)).rejects.toBeInstanceOf(BufferTooShort);
    expect((await b.recvBytes(5)).toString()).toBe('12345');
    await a.send('not bytes');
    await expect(b.recvBytes()).rejects.toBeInstanceOf(MisuseError);
    expect(await b.recv()).toBe('not bytes');
  });

  test('a closed end', async () => {
    const [a, b] = pipe();
    await a.send('last');
    a.close();
    a.close();
    await expect(a.send(1)).rejects.toBeInstanceOf(ConnectionClosed);
    await expect(a.recv()).rejects.toMatchObject({ name: 'ConnectionClosed' });
    await expect(b.send(1)).rejects.toBeInstanceOf(ConnectionClosed);
    expect(await b.recv()).toBe('last');
    await expect(b.recv()).rejects.toBeInstanceOf(EndOfFile);
    await expect(new Queue().put(a)).rejects.toBeInstanceOf(ConnectionClosed);
  });

  test('a sender that waits for room is told when nobody will ever read', async () => {
    const [a, b] = pipe();
    const sent = Array.from({ length: 200 }, (_, index) => a.send(index));
    const settled = Promise.allSettled(sent);
    b.close();
    const refused = (await settled).filter(({ status }) => status === 'rejected');
    expect(refused.length).toBeGreaterThan(0);
  });
});

describe('between processes', () => {
  test('there and back, until the end is closed', async () => {
    const [mine, theirs] = pipe();
    const child = run('echo', theirs);
    theirs.close();
    const sending = (async () => {
      for (let index = 0; index < 500; index++) await mine.send(index);
    })();
    for (let index = 0; index < 500; index++) expect(await mine.recv()).toBe(index);
    await sending;
    mine.close();
    await child.join();
  });

  test('the end of a process is the end of its pipes', async () => {
    const [mine, theirs] = pipe();
    run('sendAndDie', theirs);
    theirs.close();
    const seen: unknown[] = [];
    for await (const message of mine) seen.push(message);
    expect(seen).toEqual(['last words']);
    await expect(mine.send(1)).rejects.toBeInstanceOf(ConnectionClosed);
  });

  test('an end held by two is open until both let go', async () => {
    const [mine, theirs] = pipe();
    const child = run('returnEnds', theirs);
    expect(await mine.recv()).toBe('here');
    await child.join();
    expect(await mine.poll()).toBe(false);
    theirs.close();
    await expect(mine.recv()).rejects.toBeInstanceOf(ConnectionClosed);
  });

  test('who received alone, and shares its end then, shares what is left', async () => {
    const [[mine, theirs], got, back] = [pipe(), new Queue<number>(), new Queue<PipeEnd>()];
    const child = run('shareEnd', theirs, got, back, true);
    theirs.close();
    for (let number = 0; number < 100; number++) await mine.send(number);
    const shared = await back.get();
    const here: unknown[] = [await shared.recv()];
    shared.close();
    for (let number = 100; number < 110; number++) await mine.send(number);
    mine.close();
    await child.join();
    while (!(await got.empty())) here.push(await got.get());
    expect(here.sort((a, b) => Number(a) - Number(b))).toEqual(Array.from({ length: 110 }, (_, number) => number));
  });

  test('who receives with a time limit beside one without hears of the end', async () => {
    const [[mine, theirs], got] = [pipe(), new Queue<unknown>()];
    const child = run('receiveBeside', theirs, got);
    theirs.close();
    await mine.send('first');
    expect(await got.get()).toBe('first');
    await mine.send('second');
    expect(await got.get()).toBe('second');
    mine.close();
    expect(await got.get()).toBe('EndOfFile');
    await child.join();
  });

  test('what a killed reader has seen nobody else gets, and what it was not sent somebody does', async () => {
    const [[mine, theirs], got, back] = [pipe(), new Queue<number>(), new Queue<PipeEnd>()];
    const child = run('shareEnd', theirs, got, back, false);
    theirs.close();
    for (let number = 0; number < 10; number++) {
      await mine.send(number);
      expect(await got.get()).toBe(number);
    }
    const shared = await back.get();
    await mine.send('left');
    child.kill();
    expect(await shared.recv()).toBe('left');
  });

  test('killed with half a message written, the other side reads what is whole and then the end', async () => {
    const [mine, theirs] = pipe();
    const child = run('floodPipe', theirs);
    theirs.close();
    expect((await mine.recvBytes()).length).toBe(1 << 20);
    child.kill();
    let whole = 0;
    for await (const message of mine) whole += (message as Buffer).length / (1 << 20);
    expect(Number.isInteger(whole)).toBe(true);
  });

  test('an end can be sent through another pipe, and on', async () => {
    const [a, b] = pipe();
    const [inner, far] = pipe();
    const child = run('passOn', b, 'the child');
    b.close();
    await a.send(far);
    far.close();
    expect(await inner.recv()).toBe('from the child');
    await expect(inner.recv()).rejects.toBeInstanceOf(ConnectionClosed);
    a.close();
    await child.join();
  });

  test('an end can wait in a queue; thrown away there, it is closed', async () => {
    const queue = new Queue<PipeEnd>();
    const [mine, theirs] = pipe();
    await queue.put(theirs);
    theirs.close();
    expect(await mine.poll()).toBe(false);
    const got = await queue.get();
    await got.send('out of the queue');
    got.close();
    expect(await mine.recv()).toBe('out of the queue');
    await expect(mine.recv()).rejects.toBeInstanceOf(ConnectionClosed);
  });

  test('an end that could not be sent, for what was beside it, is not held elsewhere', async () => {
    const pool = new Pool(1);
    const [mine, theirs] = pipe();
    const [closed] = pipe();
    closed.close();
    const send = (value: unknown) => pool.apply(fixture<[unknown], void>('queues.js', 'echo'), [value]);
    await expect(send({ theirs, callback() {} })).rejects.toBeInstanceOf(NotCloneable);
    await expect(send({ theirs, closed })).rejects.toBeInstanceOf(ConnectionClosed);
    theirs.close();
    await expect(mine.recv({ timeout: 5000 })).rejects.toBeInstanceOf(ConnectionClosed);
    await pool.terminate();
  });

  test('an end that reaches nobody is not held: in a result that is not asked for, in arguments for no function', async () => {
    const pool = new Pool(1);
    for (const use of [
      async (end: PipeEnd) => run('giveBack', end).join(),
      async (end: PipeEnd) => {
        const wrong = pool.apply(fixture<[PipeEnd]>('queues.js', 'noSuchFunction'), [end]);
        await expect(wrong).rejects.toBeInstanceOf(TypeError);
      },
    ]) {
      const [mine, theirs] = pipe();
      const used = use(theirs);
      theirs.close();
      await used;
      await expect(mine.recv({ timeout: 5000 })).rejects.toBeInstanceOf(ConnectionClosed);
    }
    await pool.terminate();
  });

  test('a pipe that lives in a worker', async () => {
    const pool = new Pool(1);
    const end = (await pool.apply(fixture('queues.js', 'newPipe'), [])) as PipeEnd;
    expect(await end.recv()).toBe('made in the child');
    await pool.terminate();
    await expect(end.recv()).rejects.toBeInstanceOf(ConnectionClosed);
  });
});
