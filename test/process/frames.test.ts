import { Duplex } from 'node:stream';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { encodeFrame, FrameReader } from '../../src/process/frames.ts';
import { Link } from '../../src/process/link.ts';
import type { Message } from '../../src/process/protocol.ts';

function result(id: number, value: unknown): Message {
  return { type: 'result', id, value, handles: [] };
}

test('messages arrive whole and in order, however the stream is cut', () => {
  const sizes = fc.array(fc.integer({ min: 0, max: 300 }), { maxLength: 20 });
  fc.assert(
    fc.property(sizes, fc.array(fc.integer({ min: 1, max: 200 }), { minLength: 1 }), (lengths, cuts) => {
      const sent = lengths.map((length, id) => result(id, Buffer.alloc(length, id)));
      const bytes = Buffer.concat(sent.map(encodeFrame));
      const got: Message[] = [];
      const reader = new FrameReader((message) => got.push(message));
      for (let at = 0, turn = 0; at < bytes.length; turn++) {
        const end = at + (cuts[turn % cuts.length] ?? 1);
        reader.push(bytes.subarray(at, end));
        at = end;
      }
      expect(got).toEqual(sent);
    }),
  );
});

test('items arrive as they were, short and long', () => {
  const lengths = fc.array(fc.oneof(fc.integer({ min: 0, max: 20 }), fc.integer({ min: 2000, max: 2100 })), {
    minLength: 1,
    maxLength: 4,
  });
  fc.assert(
    fc.property(lengths, fc.boolean(), (sizes, shared) => {
      const handles = shared ? [{ kind: 'queue', id: 'r:1', owner: 'r', detail: 1 }] : [];
      const items = sizes.map((size, index) => ({ value: Buffer.alloc(size, index), packed: true as const, handles }));
      const sent: Message = { type: 'items', to: 'r', from: 'r.1', object: 'r:2', seq: 3, items };
      const got: Message[] = [];
      const reader = new FrameReader((message) => got.push(message));
      reader.push(encodeFrame(sent));
      expect(got).toEqual([sent]);
    }),
    { numRuns: 30 },
  );
});

test('a write to the dead does not take away what they have sent', async () => {
  const got: Message[] = [];
  const write = (_frame: Buffer, _: string, done: (error: Error) => void): void => done(new Error('EPIPE'));
  const stream = new Duplex({ write, read() {} });
  const link = new Link(stream, (message) => got.push(message));
  stream.push(encodeFrame(result(1, 'last words')));
  link.relay({ type: 'finish' });
  expect(link.closed).toBe(true);
  stream.push(null);
  await new Promise((resolve) => stream.once('end', resolve));
  expect(got).toEqual([result(1, 'last words')]);
});
