import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { truncateEnd, truncateStart, width } from '../../src/progress/width.ts';

describe('cells on a terminal', () => {
  test.each([
    ['plain', 5],
    ['写真', 4],
    ['ｆｕｌｌ', 8],
    ['한글', 4],
    ['🎉', 2],
    ['cafe\u0301', 4],
    ['naïve', 5],
    ['\u200b', 0],
    ['\x07', 0],
  ])('%j takes %d', (text, cells) => expect(width(text)).toBe(cells));

  test('an emoji made by a variation selector is not taken for narrow', () => expect(width('✈\ufe0f')).toBe(2));
});

describe('cutting', () => {
  test('keeps the end of a path', () => {
    expect(truncateStart('a/long/path/name.txt', 12)).toBe('.../name.txt');
    expect(truncateStart('short', 12)).toBe('short');
  });

  test('never splits a wide character', () => {
    expect(truncateStart('写真写真', 6)).toBe('...真');
    expect(truncateEnd('写真', 3)).toBe('写');
  });

  test('leaves no combining mark without its letter', () => {
    expect(truncateStart('abcde\u0301f', 4, '~')).toBe('~de\u0301f');
    expect(truncateStart('abcde\u0301f', 2, '~')).toBe('~f');
  });

  test('fits whatever the text and the room', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), fc.nat(40), (text, cells) => {
        expect(width(truncateStart(text, cells))).toBeLessThanOrEqual(cells);
        expect(width(truncateEnd(text, cells))).toBeLessThanOrEqual(cells);
      }),
    );
  });
});
