import { expect, test } from 'vitest';
import { Output } from '../../src/ui/output.ts';
import { FakeStream } from './fixture/fake-stream.ts';

const turn = () => new Promise((resolve) => setImmediate(resolve));

test('lines of one turn become one write', async () => {
  const stream = new FakeStream();
  const out = new Output(stream);
  for (let i = 0; i < 100; i++) out.write(`${i}\n`);
  await turn();
  expect(stream.writes).toBe(1);
  expect(stream.lines).toHaveLength(100);
});

test('after an error nothing more is written, and whoever waits goes on', async () => {
  const stream = new FakeStream();
  const out = new Output(stream);
  stream.breakWith = 'EPIPE';
  out.write('x');
  await out.drained();
  expect(out.lost?.code).toBe('EPIPE');
  out.write('y');
  out.flush();
  expect(stream.writes).toBe(1);
  expect(out.ready()).toBeUndefined();
});

test('a stream that throws is lost, not fatal', async () => {
  const stream = new FakeStream();
  stream.write = () => {
    throw Object.assign(new Error('closed'), { code: 'EBADF' });
  };
  const out = new Output(stream);
  out.write('x');
  await out.drained();
  expect(out.lost?.code).toBe('EBADF');
});

test('frames are left out while the reader lags; lines wait', () => {
  const stream = new FakeStream();
  const out = new Output(stream);
  stream.paused = true;
  expect(out.offer('frame 1')).toBe(true);
  expect(out.offer('frame 2')).toBe(false);
  out.write('line');
  out.flush();
  expect(stream.text).toBe('frame 1line');
});

test('asks to wait when the reader is far behind, until it has caught up', async () => {
  const stream = new FakeStream();
  const out = new Output(stream);
  stream.paused = true;
  out.write('x'.repeat(100));
  expect(out.ready()).toBeUndefined();
  out.write('x'.repeat(2 << 20));
  let caughtUp = false;
  const waiting = out.ready()?.then(() => {
    caughtUp = true;
  });
  await turn();
  expect(caughtUp).toBe(false);
  stream.resume();
  await waiting;
  expect(caughtUp).toBe(true);
});

test('a reader that has stopped for good costs a bounded amount of memory', () => {
  const stream = new FakeStream();
  const out = new Output(stream);
  stream.paused = true;
  for (let i = 0; i < 100; i++) out.write('x'.repeat(1 << 20));
  expect(out.lost?.code).toBe('EPCOPY_READER');
  expect(stream.writableLength).toBeLessThanOrEqual(64 << 20);
});
