import micromatch from 'micromatch';
import { UsageError } from '../api/errors.ts';
import { isDynamic } from './glob.ts';
import { patternToGlob } from './glob-names.ts';
import type { Filters, Patterns, PatternUse } from './selection.ts';

// fast-glob's own, so that both judge alike.
const OPTIONS = { dot: true, posix: true, strictSlashes: false } as const;
// What picomatch takes, less what is put around it.
const LONGEST = 32_768;
// Each is compiled, and every path is tried with it.
const MOST_FORMS = 1024;
// Stands for no byte of any name (see `toGlob`).
const NEVER = '\udc01';
const CHANGED_BY_GLOBBING = /[\\()*?[\]{}|!+@"'`]/g;

/**
 * `a` is the entry at the top; with all below it when it is a directory. `a/` is a directory only. A leading `./` or `/` is
 * the root. Throws UsageError for a pattern that cannot be used.
 */
export function compilePatterns({ include, exclude }: Filters): Patterns {
  for (const [option, patterns] of [
    ['include', include],
    ['exclude', exclude],
  ] as const) {
    const long = patterns.find((pattern) => pattern.length > LONGEST);
    if (long !== undefined) throw unusable(option, `${long.slice(0, 40)}…`, `longer than ${LONGEST} characters`);
  }
  const included = include.map((pattern) => ({ pattern, forms: formsOf('include', pattern) }));
  const excluded = exclude.map((pattern) => ({ pattern, forms: formsOf('exclude', pattern) }));
  const directories = excluded.flatMap(({ forms }) => forms.filter((form) => form.directory));
  const positive = included.length === 0 ? ['**'] : included.flatMap(({ forms }) => forms.flatMap(wanted));
  const negative = excluded.flatMap(({ forms }) => forms.flatMap(unwanted));
  const excludedDirectory = directories.length === 0 ? null : anyOf(directories.map((form) => form.entry));
  return {
    positive,
    negative,
    all: included.length + excluded.length === 0,
    excludedDirectory,
    selects: selectorOf(positive, negative, excludedDirectory),
    uses: [
      ...included.map(({ pattern, forms }) => useOf('include', pattern, forms)),
      ...excluded.map(({ pattern, forms }) => useOf('exclude', pattern, forms)),
    ],
  };
}

function selectorOf(
  positive: readonly string[],
  negative: readonly string[],
  excludedDirectory: Patterns['excludedDirectory'],
): Patterns['selects'] {
  const isIn = anyOf(positive);
  const isOut = anyOf(negative);
  return (path, isDirectory) => {
    const names = path.split('/');
    const directories = names.map((_name, index) => names.slice(0, index + 1).join('/'));
    if (!isDirectory) directories.pop();
    const matches = (test: (path: string) => boolean): boolean => test(path) || (isDirectory && test(`${path}/`));
    return matches(isIn) && !matches(isOut) && !(excludedDirectory !== null && directories.some(excludedDirectory));
  };
}

/** One alternative of a pattern whose braces are spread out. */
interface Form {
  /** Without a slash at its end. */
  entry: string;
  directory: boolean;
  /** No wildcards in it: it names one entry. */
  literal: boolean;
}

function formsOf(option: PatternUse['option'], pattern: string): Form[] {
  if (/^!(?!\()/.test(pattern)) {
    const other = option === 'include' ? ', use --exclude' : '';
    throw unusable(option, pattern, `a pattern cannot begin with !${other} (\\! stands for the character)`);
  }
  // Quotes would group and vanish, as in a shell. `//` and `/./` are one slash.
  const plain = patternToGlob(pattern)
    .replace(/\\.|["'`]/gs, (part) => (part.length > 1 ? part : `\\${part}`))
    .replace(/\/(?:\.?\/)+/g, '/')
    .replace(/^\.?\//, '');
  if (plain === '' || plain === '.') return [{ entry: '**', directory: false, literal: false }];
  if (countForms(plain) > MOST_FORMS) {
    throw unusable(option, pattern, `its braces stand for more than ${MOST_FORMS} patterns`);
  }
  try {
    return micromatch
      .braces(plain, { expand: true, nodupes: true, keepEscaping: true })
      .filter((form) => form !== '')
      .map(toForm);
  } catch (error) {
    throw unusable(option, pattern, error instanceof Error ? error.message : String(error));
  }
}

/** How many patterns the braces of one stand for: what stands side by side is multiplied, what commas divide is added. */
function countForms(pattern: string): number {
  let inner = { sum: 0, product: 1 };
  const outside: (typeof inner)[] = [];
  for (const [token, from, to, step] of pattern.matchAll(/\\.|\{(\w+|-\d+)\.\.(\w+|-\d+)(?:\.\.(-?\d+))?\}|[{},]/gs)) {
    if (from !== undefined && to !== undefined) inner.product *= lengthOfRange(from, to, step);
    else if (token === '{') {
      outside.push(inner);
      inner = { sum: 0, product: 1 };
    } else if (token === ',' && outside.length > 0) inner = { sum: inner.sum + inner.product, product: 1 };
    else if (token === '}') {
      const { sum, product } = inner;
      inner = outside.pop() ?? { sum: 0, product: 1 };
      inner.product *= sum + product;
    }
  }
  // A brace that stays open is a character.
  return [...outside, inner].reduce((all, { sum, product }) => all * (sum + product), 1);
}

function lengthOfRange(from: string, to: string, step = '1'): number {
  const [first, last] = [from, to].map((end) => (/^-?\d+$/.test(end) ? Number(end) : (end.codePointAt(0) ?? 0)));
  return Math.floor(Math.abs((last ?? 0) - (first ?? 0)) / Math.max(1, Math.abs(Number(step)))) + 1;
}

function toForm(form: string): Form {
  const bare = form.replace(/\/+$/, '');
  const literal = !isDynamic(bare.replace(/\\./g, '_'));
  const entry = literal ? bare.replace(/\\(.)/g, '$1').replace(CHANGED_BY_GLOBBING, '\\$&') : bare;
  return { entry, directory: bare !== form, literal };
}

function wanted({ entry, directory, literal }: Form): string[] {
  const forms = directory ? [`${entry}/`] : [entry];
  if (literal) forms.push(directory ? `${entry}/**/*` : `${entry}/**`);
  return forms.map(fromTheTop);
}

function unwanted({ entry, directory }: Form): string[] {
  return directory ? [] : [entry, `${entry.replace(/\/\*\*$/, '')}/**`];
}

// fast-glob begins in the directory that a pattern names first, by a path that nobody has looked at, and looks a pattern
// without wildcards up by itself. An optional character that never occurs keeps it to one walk from the top.
function fromTheTop(pattern: string): string {
  const [first = ''] = pattern.split('/', 1);
  return isDynamic(first.replace(/\\./g, '_')) ? pattern : `?(${NEVER})${pattern}`;
}

function useOf(option: PatternUse['option'], pattern: string, forms: readonly Form[]): PatternUse {
  const entry = anyOf(forms.filter((form) => !form.directory).map((form) => form.entry));
  const directory = anyOf(forms.map((form) => form.entry));
  return { option, pattern, matches: (path, isDirectory) => (isDirectory ? directory : entry)(path) };
}

function anyOf(patterns: readonly string[]): (path: string) => boolean {
  const expressions = patterns.map((pattern) => micromatch.makeRe(pattern, OPTIONS) as RegExp);
  return (path) => expressions.some((expression) => expression.test(path));
}

function unusable(option: string, pattern: string, why: string): UsageError {
  return new UsageError(`${option}: got ${JSON.stringify(pattern)}: ${why}`);
}
