import { deserialize, serialize } from 'node:v8';
import { runInNewContext } from 'node:vm';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { encodeFrame, FrameReader } from '../../src/process/frames.ts';
import type { Message } from '../../src/process/protocol.ts';
import { decodeValue, encodeValue } from '../../src/process/value-codec.ts';

/** What arrives of an argument, and of a result. */
function crossed(value: unknown): unknown[] {
  const packed = encodeValue(value);
  const results: unknown[] = [];
  const reader = new FrameReader((message) => results.push((message as Message & { type: 'result' }).value));
  reader.push(encodeFrame({ type: 'result', id: 1, value, handles: [] }));
  return [decodeValue(packed), decodeValue(Buffer.from(packed)), ...results];
}

function cloned(value: unknown): unknown {
  return deserialize(serialize(value));
}

test('long lists of strings arrive as they are, wherever they are in a value', () => {
  const part = fc.oneof(fc.string({ unit: 'binary' }), fc.constantFrom('', '\ud800', '\udc00', 'x'.repeat(256), null));
  const list = fc.array(fc.oneof({ weight: 200, arbitrary: fc.constantFrom('a', 'é', '😀.txt', '\n"\0') }, part), {
    minLength: 30,
    maxLength: 100,
  });
  fc.assert(
    fc.property(list, list, (one, other) => {
      const holed = Object.assign([...one], { 120: 'behind a hole' });
      const named = Object.assign([...one], { name: 'value' });
      const shapes = [
        one,
        [one],
        { dir: 'd', one, other, last: 1 },
        { ['__proto__']: one },
        [[{ one }], one],
        holed,
        named,
      ];
      for (const sent of shapes) for (const got of crossed(sent)) expect(got).toStrictEqual(cloned(sent));
    }),
    { numRuns: 30 },
  );
});

test('whatever is sent arrives as structured clone would have it', () => {
  const value = fc.anything({
    withBigInt: true,
    withDate: true,
    withMap: true,
    withSet: true,
    withSparseArray: true,
    withTypedArray: true,
    withUnicodeString: true,
    withNullPrototype: true,
  } as fc.ObjectConstraints);
  fc.assert(
    fc.property(value, (sent) => {
      for (const got of crossed(sent)) expect(got).toStrictEqual(cloned(sent));
    }),
    { numRuns: 200 },
  );
});

test.each([
  ['a match of a regular expression', () => /(?<letter>b)/.exec('abc')],
  ['one object in two places', () => Array(2).fill({ a: 1 })],
  ['a property that is undefined', () => ({ a: undefined })],
  ['holes', () => Object.assign(new Array(3), { 1: 'a' })],
  ['half a surrogate pair', () => ['\ud800', '\udc00', 'ü€😀']],
  ['numbers that JSON has not', () => [-0, Number.NaN, Number.POSITIVE_INFINITY, 5e-324, 2 ** 53]],
  ['a key that means something', () => JSON.parse('{"__proto__": {"a": 1}, "toJSON": 2, "1": 3, "0": 4}')],
  ['objects of another realm', () => runInNewContext('({ a: [1] })')],
  [
    'an instance of a class',
    () =>
      new (class Point {
        x = 1;
      })(),
  ],
  ['a getter', () => Object.defineProperty({}, 'a', { enumerable: true, get: () => 7 })],
  ['what cannot be listed', () => Object.defineProperty({ a: 1 }, 'b', { value: 2 })],
  ['boxed values', () => [Object(1), Object('a'), Object(true)]],
  ['nothing', () => undefined],
])('%s arrives as structured clone would have it', (_, make) => {
  const expected = cloned(make());
  for (const got of crossed(make())) {
    expect(got).toStrictEqual(expected);
    if (Array.isArray(got)) expect(got[0] === got[1]).toBe((expected as unknown[])[0] === (expected as unknown[])[1]);
  }
});

test('a loop, a function and a proxy are what they are for structured clone', () => {
  const loop: unknown[] = [];
  loop.push({ loop });
  const got = decodeValue(encodeValue(loop)) as [{ loop: unknown }];
  expect(got[0].loop).toBe(got);
  expect(() => encodeValue({ a: () => 1 })).toThrow('could not be cloned');
  expect(() => encodeValue([new Proxy({}, {})])).toThrow('could not be cloned');
});

test('a getter is read once', () => {
  let reads = 0;
  const value = Object.defineProperty({}, 'a', { enumerable: true, get: () => ++reads });
  expect(decodeValue(encodeValue(value))).toEqual({ a: 1 });
});
