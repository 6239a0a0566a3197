import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { fold, truncateEnd, truncateStart, width } from '../../src/ui/width.ts';

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

describe('folding', () => {
  test('cuts after commas and the like, and indents what follows', () => {
    expect(fold('pcopy: copied 3 files; 1 KiB in 2 s, 9 B/s', 24, '    ')).toEqual([
      'pcopy: copied 3 files;',
      '    1 KiB in 2 s, 9 B/s',
    ]);
    expect(fold('  3 skipped', 40, '    ')).toEqual(['  3 skipped']);
  });

  test('leaves a part that is too long to the terminal', () => {
    expect(fold('a/very/long path existed: so', 8, '  ')).toEqual(['a/very/long path existed:', '  so']);
  });

  test('colours take no room', () => {
    expect(fold('\x1b[31mone,\x1b[39m two', 8, '')).toEqual(['\x1b[31mone,\x1b[39m two']);
    expect(fold('\x1b[31mone:\x1b[39m a, two', 7, ' ')).toEqual(['\x1b[31mone:\x1b[39m a,', ' two']);
  });
});
