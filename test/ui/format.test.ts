import { describe, expect, test } from 'vitest';
import { bytes, bytesPair, clock, count, duration, percent, plural, rate } from '../../src/ui/format.ts';

describe('sizes', () => {
  test.each([
    [0, '0 B'],
    [999, '999 B'],
    [1000, '1.0 KiB'],
    [1024, '1.0 KiB'],
    [1536, '1.5 KiB'],
    [102_400, '100 KiB'],
    [1023 * 1024, '1.0 MiB'],
    [3 * 2 ** 30, '3.0 GiB'],
    [2 ** 60, '1.0 EiB'],
  ])('%d is %s', (n, text) => expect(bytes(n)).toBe(text));

  test('a pair shares the unit of the larger, and says when it grows', () => {
    expect(bytesPair(300 * 2 ** 20, 3.4 * 2 ** 30, false)).toBe('0.3/3.4 GiB');
    expect(bytesPair(0, 0, true)).toBe('0/0+ B');
  });

  test('a rate is a size a second', () => expect(rate(2048)).toBe('2.0 KiB/s'));
});

describe('counts', () => {
  test.each([
    [0, '0'],
    [999, '999'],
    [1000, '1,000'],
    [1234567, '1,234,567'],
  ])('%d is %s', (n, text) => expect(count(n)).toBe(text));

  test('one and many', () => {
    expect(plural(1, 'file')).toBe('1 file');
    expect(plural(0, 'file')).toBe('0 files');
    expect(plural(2, 'directory', 'directories')).toBe('2 directories');
  });
});

describe('times', () => {
  test.each([
    [0, '0:00'],
    [7_400, '0:07'],
    [59_700, '1:00'],
    [754_000, '12:34'],
    [3_723_000, '1:02:03'],
    [183_840_000, '2d 03:04'],
    [-5, '0:00'],
  ])('the clock at %d ms shows %s', (ms, text) => expect(clock(ms)).toBe(text));

  test.each([
    [420, '0.42 s'],
    [9_990, '9.99 s'],
    [9_996, '10.0 s'],
    [59_940, '59.9 s'],
    [59_960, '1:00'],
  ])('%d ms took %s', (ms, text) => expect(duration(ms)).toBe(text));
});

test('a percentage is rounded down, and stays within 0 and 100', () => {
  expect([0, 0.999, 1, 1.2, -1].map(percent)).toEqual(['0%', '99%', '100%', '100%', '0%']);
});
