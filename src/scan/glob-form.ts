import micromatch from 'micromatch';
import { isDynamic } from './glob.ts';
import { linearTest } from './linear-regexp.ts';

// fast-glob's own, so that patterns mean what they mean there.
const OPTIONS = { dot: true, posix: true, strictSlashes: false } as const;
/** Of a form with wildcards, in characters. micromatch takes time that grows with the cube of a nested group's length. */
const LONGEST = 1024;
const DEEPEST = 32;
const MOST_FORMS = 1024;

/** One alternative of a pattern with expanded braces: the path of an entry, or a glob. */
export type Form = { glob: Glob } | { literal: string; directory: boolean };

/**
 * The forms of a pattern; those that end with a slash match directories only. Throws SyntaxError for a pattern that
 * cannot be used.
 * @param below `a/**` matches what is in `a`, but not `a` itself
 */
export function formsOf(pattern: string, below: boolean): Form[] {
  if (countForms(pattern) > MOST_FORMS) throw new SyntaxError(`its braces stand for more than ${MOST_FORMS} patterns`);
  return micromatch
    .braces(pattern, { expand: true, nodupes: true, keepEscaping: true })
    .filter((form) => form !== '')
    .map((form) => toForm(below ? form.replace(/\/\*\*$/, '/**/*') : form));
}

function toForm(form: string): Form {
  const bare = form.replace(/\/+$/, '');
  const directory = bare !== form;
  if (!isDynamic(bare.replace(/\\./g, '_'))) return { directory, literal: bare.replace(/\\(.)/g, '$1') };
  if (bare.length > LONGEST) throw new SyntaxError(`longer than ${LONGEST} characters, with wildcards`);
  if (/(?<!\\)\(\?<?[=!:]/.test(bare)) throw new SyntaxError('lookaheads and lookbehinds are not for patterns');
  if (depthOf(bare) > DEEPEST) throw new SyntaxError(`more than ${DEEPEST} parentheses in each other`);
  return { glob: new Glob(bare, directory) };
}

function depthOf(pattern: string): number {
  let depth = 0;
  let deepest = 0;
  for (const [token] of pattern.matchAll(/\\.|[()]/gs)) {
    if (token === '(') deepest = Math.max(deepest, ++depth);
    else if (token === ')' && depth > 0) depth--;
  }
  return deepest;
}

/** The number of patterns that the braces of one expand to: alternatives are added, consecutive groups multiplied. */
function countForms(pattern: string): number {
  let inner = { sum: 0, product: 1 };
  const outside: (typeof inner)[] = [];
  for (const [token, from, to, step] of pattern.matchAll(
    /\\.|\{([^{},]*?)\.\.([^{},]*?)(?:\.\.([^{},]*))?\}|[{},]/gs,
  )) {
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
  // An unclosed brace is an ordinary character.
  return [...outside, inner].reduce((all, { sum, product }) => all * (sum + product), 1);
}

function lengthOfRange(from: string, to: string, step = '1'): number {
  const [first = 0, last = 0] = [from, to].map((end) =>
    Number.isInteger(Number(end)) ? Number(end) : end.codePointAt(0),
  );
  return Math.floor(Math.abs(last - first) / Math.max(1, Math.abs(Number(step) || 1))) + 1;
}

/** A form with wildcards, compiled on first use. */
export class Glob {
  private readonly pattern: string;
  private readonly directory: boolean;
  private test: ((path: string) => boolean) | undefined;
  private belowTest: ((names: readonly string[]) => boolean) | undefined;

  /** @param directory it matches directories only */
  constructor(pattern: string, directory: boolean) {
    this.pattern = pattern;
    this.directory = directory;
  }

  matches(path: string, isDirectory: boolean): boolean {
    if (this.directory && !isDirectory) return false;
    this.test ??= testOf(this.pattern);
    return this.test(path) || (isDirectory && !this.directory && this.test(`${path}/`));
  }

  /** Whether an entry below the directory may match. */
  mayMatchBelow(names: readonly string[]): boolean {
    this.belowTest ??= testBelow(this.pattern);
    return this.belowTest(names);
  }
}

function testOf(pattern: string): (path: string) => boolean {
  return linearTest((micromatch.makeRe(pattern, OPTIONS) as RegExp).source);
}

// As in fast-glob: name by name up to the first globstar, and anything below it.
function testBelow(pattern: string): (names: readonly string[]) => boolean {
  const { parts = [] } = micromatch.scan(pattern, { ...OPTIONS, parts: true }) as { parts?: string[] };
  const segments = parts.length === 0 ? [pattern] : parts;
  const globstar = segments.findIndex((segment) => segment.includes('**'));
  const known = globstar < 0 ? segments : segments.slice(0, globstar);
  const tests = known.map((segment) => (isDynamic(segment) ? testOf(segment) : (name: string) => name === segment));
  return (names) =>
    (globstar >= 0 || names.length < segments.length) &&
    names.every((name, i) => i >= tests.length || tests[i]?.(name));
}
