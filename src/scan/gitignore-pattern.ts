import type { RawPath } from '../api/names.ts';
import { linearTest } from './linear-regexp.ts';

// The rules of gitignore(5), byte for byte as git's dir.c and wildmatch.c read them. The packages that do this match with
// a cache of every path, walk from the root for each, and do not combine files of several directories.

/** One line of a `.gitignore` file. */
export interface Rule {
  /** `!`: re-includes what an earlier line ignores. */
  negated: boolean;
  directory: boolean;
  /** Matches the path below the file's directory; otherwise the name alone, at any depth. */
  wholePath: boolean;
  matches: (text: RawPath) => boolean;
}

/** Maximum length of a rule with wildcards, in characters. */
const LONGEST = 1024;

/**
 * The lines of the file, in their order; those that can match nothing are left out. Throws SyntaxError for one that is too long.
 */
export function parseGitignore(text: RawPath): Rule[] {
  const lines = text.replace(/^\xef\xbb\xbf/, '').split('\n');
  return lines.map((line, i) => parseLine(line.replace(/\r$/, ''), i + 1)).filter((rule) => rule !== null);
}

function parseLine(line: RawPath, number: number): Rule | null {
  if (line.startsWith('#')) return null;
  let pattern = withoutTrailingSpaces(line);
  const negated = pattern.startsWith('!');
  if (negated) pattern = pattern.slice(1);
  const directory = pattern.endsWith('/');
  if (directory) pattern = pattern.slice(0, -1);
  if (pattern === '') return null;
  const wholePath = pattern.includes('/');
  const matches = testOf(pattern.replace(/^\//, ''), number);
  return matches === null ? null : { negated, directory, wholePath, matches };
}

function testOf(pattern: RawPath, number: number): Rule['matches'] | null {
  if (!/[*?[\\]/.test(pattern)) return (text) => text === pattern;
  if (pattern.length > LONGEST) throw new SyntaxError(`line ${number} is longer than ${LONGEST} bytes, with wildcards`);
  const source = translate(pattern);
  if (source === null) return null;
  // Compiled on first use: most rules are about files that do not exist.
  let test: Rule['matches'] | undefined;
  return (text) => {
    test ??= linearTest(`^${source}$`);
    return test(text);
  };
}

// Trailing spaces count only after a backslash.
function withoutTrailingSpaces(line: RawPath): RawPath {
  const bare = line.replace(/(?<! ) +$/, '');
  const escaped = /(?<!\\)(?:\\\\)*\\$/.test(bare) && bare.length < line.length;
  return escaped ? `${bare} ` : bare;
}

// null: malformed, matches nothing.
function translate(pattern: RawPath): string | null {
  let source = '';
  for (let at = 0; at < pattern.length; ) {
    const c = pattern[at] as string;
    if (c === '\\') {
      if (at + 1 === pattern.length) return null;
      source += literal(pattern[at + 1] as string);
      at += 2;
    } else if (c === '?') {
      source += '[^/]';
      at++;
    } else if (c === '[') {
      const set = translateSet(pattern, at);
      if (set === null) return null;
      source += set.source;
      at = set.end;
    } else if (c === '*') {
      const stars = /^\*+/.exec(pattern.slice(at))?.[0].length ?? 1;
      const next = pattern.slice(at + stars, at + stars + 2);
      const alone = (at === 0 || pattern[at - 1] === '/') && (next === '' || next.startsWith('/') || next === '\\/');
      if (stars === 1 || !alone) source += '[^/]*';
      // `**/` matches any number of directories.
      else source += next.startsWith('/') ? '(?:[^]*/)?' : '[^]*';
      at += stars + (stars > 1 && alone && next.startsWith('/') ? 1 : 0);
    } else {
      source += literal(c);
      at++;
    }
  }
  return source;
}

const CLASSES: Record<string, string> = {
  alnum: '0-9A-Za-z',
  alpha: 'A-Za-z',
  blank: ' \\t',
  cntrl: '\\x00-\\x1f\\x7f',
  digit: '0-9',
  graph: '\\x21-\\x7e',
  lower: 'a-z',
  print: '\\x20-\\x7e',
  punct: '\\x21-\\x2f\\x3a-\\x40\\x5b-\\x60\\x7b-\\x7e',
  space: ' \\t-\\r',
  upper: 'A-Z',
  xdigit: '0-9A-Fa-f',
};

// The content of brackets, from the first one on. A leading `]` belongs to the set.
function translateSet(pattern: RawPath, begin: number): { source: string; end: number } | null {
  let at = begin + 1;
  const negated = pattern[at] === '!' || pattern[at] === '^';
  if (negated) at++;
  let members = '';
  let previous = '';
  for (let first = true; first || pattern[at] !== ']'; first = false) {
    if (at >= pattern.length) return null;
    const named = /^\[:([^\]]*):\]/.exec(pattern.slice(at));
    if (named !== null) {
      const members_ = CLASSES[named[1] as string];
      if (members_ === undefined) return null;
      members += members_;
      previous = '';
      at += named[0].length;
      continue;
    }
    const isRange = pattern[at] === '-' && previous !== '' && at + 1 < pattern.length && pattern[at + 1] !== ']';
    if (isRange) at++;
    if (pattern[at] === '\\') at++;
    const c = pattern[at];
    if (c === undefined) return null;
    if (!isRange) members += literal(c);
    else if (previous <= c) members += `${literal(previous)}-${literal(c)}`;
    previous = isRange ? '' : c;
    at++;
  }
  const source = negated ? `[^/${members}]` : members === '' ? '(?!)' : `(?!/)[${members}]`;
  return { source, end: at + 1 };
}

function literal(c: string): string {
  return /[0-9A-Za-z]/.test(c) ? c : `\\x${c.charCodeAt(0).toString(16).padStart(2, '0')}`;
}
