import fc from 'fast-check';
import micromatch from 'micromatch';
import { expect, test } from 'vitest';
import { linearTest } from '../../src/scan/linear-regexp.ts';

const OPTIONS = { dot: true, posix: true, strictSlashes: false };
const text = fc.string({
  unit: fc.constantFrom('a', 'b', 'c', '.', '/', '*', '[', ']', '-', '\\', '1', ' ', '+', '(', ')', '|', '^', '$', 'é'),
  maxLength: 9,
});

function expectSame(expression: RegExp, texts: readonly string[]): void {
  const matches = linearTest(expression.source);
  for (const each of texts) expect(matches(each), `${expression} ${each}`).toBe(expression.test(each));
}

test('what micromatch makes of a pattern matches what RegExp matches with it', () => {
  const piece = fc.constantFrom(
    ...[
      'a',
      'b',
      'c',
      '.',
      '/',
      '*',
      '**',
      '?',
      '**/',
      '/**',
      '..',
      '.a',
      '-',
      '!',
      '@',
      '+',
      '$',
      '^',
      ' ',
      '\\*',
      '\\d',
    ],
    ...[
      '[ab]',
      '[!a]',
      '[^b]',
      '[a-c]',
      '[[:alpha:]]',
      '[[:punct:]]',
      '[a-]',
      '[]a]',
      '[a/b]',
      '[',
      ']',
      '{',
      '}',
      ',',
    ],
    ...['+(a|b)', '*(a|b*)', '?(a)', '@(a|*b)', '!(a)', '!(a|b*)', '!(*.a)', '!(a/b)', '@(a/b|c)', '(a|b)', '(a|b)+'],
    ...['|', '(', ')'],
  );
  const pattern = fc.array(piece, { minLength: 1, maxLength: 6 }).map((pieces) => pieces.join(''));
  fc.assert(
    fc.property(pattern, fc.array(text, { maxLength: 20 }), (glob, texts) => {
      expectSame(micromatch.makeRe(glob, OPTIONS) as RegExp, texts);
    }),
    { numRuns: 1500 },
  );
});

test('any groups, loops and lookaheads in each other', () => {
  const { expression } = fc.letrec<{ expression: string }>((tie) => ({
    expression: fc.oneof(
      { maxDepth: 4, withCrossShrink: true },
      fc.constantFrom('a', 'b', '.', '[^a]', '\\/', '\\x61', '$', '^', ''),
      fc.tuple(tie('expression'), tie('expression')).map(([a, b]) => a + b),
      fc.tuple(tie('expression'), tie('expression')).map(([a, b]) => `(?:${a}|${b})`),
      fc
        .tuple(tie('expression'), fc.constantFrom('*', '*?', '+', '?', '{0,1}', '{1,2}', '{2}', '{2,}'))
        .map(([a, quantifier]) => `(${a})${quantifier}`),
      fc.tuple(tie('expression'), fc.constantFrom('=', '!')).map(([a, kind]) => `(?${kind}${a})`),
    ),
  }));
  fc.assert(
    fc.property(expression, fc.array(text, { maxLength: 20 }), (source, texts) => {
      expectSame(new RegExp(`^(?:${source})$`), texts);
    }),
    { numRuns: 1500 },
  );
});

test.each([
  ['*a'.repeat(500), 'a'.repeat(5000), true],
  [`${'*a'.repeat(500)}b`, 'a'.repeat(5000), false],
  ['**/'.repeat(300), 'a/'.repeat(3000), true],
  [`${'**/'.repeat(300)}b`, 'a/'.repeat(3000), false],
  [`${'*(a|aa)'.repeat(100)}b`, 'a'.repeat(1000), false],
  [`${'!(*b)'.repeat(100)}b`, 'ab'.repeat(500), false],
])('a pattern that RegExp does not get done with: case %#', (pattern, path, matches) => {
  expect(linearTest((micromatch.makeRe(pattern, OPTIONS) as RegExp).source)(path)).toBe(matches);
});
