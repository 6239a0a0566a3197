import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { BadValue, choice, file, limit, rate, size, type ValueType, whole } from '../../src/api/values.ts';

const read = (type: ValueType, text: string) => type.text?.parse(text);
const any = size(0, Number.MAX_SAFE_INTEGER);

describe('sizes', () => {
  test.each([
    ['0', 0],
    ['1024', 1024],
    ['4K', 4096],
    ['4k', 4096],
    ['4KB', 4096],
    ['4KiB', 4096],
    ['1M', 2 ** 20],
    ['1.5G', 1.5 * 2 ** 30],
    ['2T', 2 ** 41],
    ['1P', 2 ** 50],
    ['17B', 17],
    ['1.3K', 1331],
  ])('%s is %d bytes', (text, bytes) => expect(read(any, text)).toBe(bytes));

  test.each(['', 'K', '-1', '1.5', '1e3', '0x10', '12Q', '1 K', '1K ', '1KK', '1iB1', '9999999P', 'Infinity', 'NaN'])(
    '%j is none',
    (text) => expect(() => read(any, text)).toThrow(BadValue),
  );

  test('a whole number of bytes comes back', () => {
    fc.assert(fc.property(fc.maxSafeNat(), (n) => read(any, String(n)) === n));
  });

  test('say their range and how they are written', () => {
    expect(() => read(size(1, 2 ** 30), '2G')).toThrow(
      'It takes a size from 1 to 1G bytes, with K, M, G, T or P (KB and KiB are K) for powers of 1024, like 4096, 64K or 1.5G.',
    );
  });
});

test('rates are sizes a second', () => {
  expect(read(rate, '10M')).toBe(10 << 20);
  expect(read(rate, '10MiB/s')).toBe(10 << 20);
  expect(() => read(rate, '0')).toThrow('It takes bytes per second');
  expect(() => read(rate, '10M/min')).toThrow(BadValue);
});

describe('whole numbers', () => {
  test.each(['0', '65', '-1', '1.0', '1e1', '', ' 1', '３', '99999999999999999999'])(
    '1 to 64 does not take %j',
    (text) => expect(() => read(whole(1, 64), text)).toThrow('It takes a whole number from 1 to 64.'),
  );

  test('take their ends', () => expect(['1', '64', '007'].map((text) => read(whole(1, 64), text))).toEqual([1, 64, 7]));

  test('without an upper end', () => {
    expect(() => read(limit(0), 'x')).toThrow('It takes a whole number of 0 or more.');
  });
});

test('choices name each other', () => {
  expect(read(choice('auto', 'always', 'never'), 'always')).toBe('always');
  expect(() => read(choice('auto', 'always', 'never'), 'Always')).toThrow('It takes auto, always or never.');
});

test('a file has a name', () => expect(() => file.parse('')).toThrow('It takes a file name.'));
