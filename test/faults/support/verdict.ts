import { existsSync } from 'node:fs';
import { type Item, survey } from '../../support/compare.ts';
import type { Finished } from '../../support/run.ts';
import { temporaryFiles } from './scene.ts';

export interface Expectation {
  source: Map<string, Item>;
  before: Map<string, Item>;
  from: string;
  destination: string;
  /** Codes that may stand as the cause of a failure; none: any. */
  causes?: readonly string[];
  /** Destination entries that the source does not have may go. */
  deletes?: boolean;
  /** Files are written in place: half a file may stay, when it is named. */
  inPlace?: boolean;
}

/** The failures that stand on stderr: the cause by path, relative to whichever of the two trees it lies in. */
export function named(stderr: string, ...roots: string[]): Map<string, string> {
  const found = new Map<string, string>();
  for (const line of stderr.split('\n')) {
    const [, path, code = ''] = /^pcopy: (\/.*?): .* \((E\w+)\)$/.exec(line) ?? [];
    for (const root of roots) {
      if (path === root || path?.startsWith(`${root}/`)) found.set(path.slice(root.length + 1), code);
    }
  }
  return found;
}

/**
 * Holds a run against the contract, whatever happened to it: a success is complete, what is missing or old is named with its
 * cause, everything else is right, nothing is half, and no temporary file is left. Returns what is wrong, a line each.
 */
export function judge(result: Finished, expected: Expectation): string[] {
  const wrong: string[] = [];
  const after = survey(expected.destination);
  const { code, signal, stderr } = result;
  if (signal !== null || ![0, 1, 3, 4].includes(code ?? -1)) wrong.push(`ended with ${code ?? signal}`);
  if (/unexpected|EPCOPY_INTERNAL|^ {4}at /m.test(stderr)) wrong.push('an error that nobody foresaw');
  wrong.push(...temporaryFiles(expected.destination).map((path) => `left ${path}`));

  const names = named(stderr, expected.from, expected.destination);
  for (const [path, item] of expected.source) {
    const is = stateOf(item, expected.before.get(path), after.get(path));
    if (is === 'right') continue;
    const isNamed = covers(names, path);
    if (is === 'half' && !(expected.inPlace && isNamed)) wrong.push(`${show(path)} is neither whole nor as it was`);
    if (code === 0 && !(is === 'whole' && /not preserved/.test(stderr))) wrong.push(`exit 0, but ${show(path)}: ${is}`);
    if (code === 1 && !isNamed && !(is === 'whole' && /not preserved/.test(stderr))) {
      wrong.push(`${show(path)}: ${is}, and nobody says so`);
    }
  }
  for (const [path, item] of expected.before) {
    if (expected.source.has(path)) continue;
    if (expected.deletes) {
      if (code === 0 && after.has(path)) wrong.push(`exit 0, but ${show(path)} is still there`);
      continue;
    }
    if (after.get(path)?.content !== item.content) wrong.push(`${show(path)} was not ours to touch`);
  }
  if (code === 1 && names.size === 0) wrong.push('exit 1, and nothing is named');
  for (const [path, cause] of names) {
    if (expected.causes && !expected.causes.includes(cause)) wrong.push(`${show(path)}: the cause is ${cause}`);
    if (code === 0 || code === 3) wrong.push(`exit ${code}, but ${show(path)} is named for ${cause}`);
  }
  return wrong;
}

/** Files that are neither the source's nor what was there before, whatever else a killed run may not have done. */
export function halfFiles({ source, before, destination, inPlace }: Expectation): string[] {
  if (inPlace) return [];
  const after = existsSync(destination) ? survey(destination) : new Map<string, Item>();
  return [...source]
    .filter(([path, item]) => stateOf(item, before.get(path), after.get(path)) === 'half')
    .map(([path]) => show(path));
}

/** What was there before, is none of the run's, and is not what it was. */
export function lostFiles({ source, before, destination, deletes }: Expectation): string[] {
  if (deletes || before.size === 0) return [];
  const after = survey(destination);
  return [...before]
    .filter(([path, item]) => !source.has(path) && after.get(path)?.content !== item.content)
    .map(([path]) => show(path));
}

/** `whole`: content as it should be, but not mode and times. */
function stateOf(
  source: Item,
  before: Item | undefined,
  after: Item | undefined,
): 'right' | 'whole' | 'old' | 'missing' | 'half' {
  if (after === undefined) return before === undefined ? 'missing' : 'half';
  if (after.type === source.type && after.content === source.content) {
    const bits = source.type === 'symlink' ? 0 : 0o777;
    // A directory that was there before the run may be somebody else's: its mode stays, its time may.
    if (before && source.type === 'directory') return 'right';
    const sameMode = (source.mode & bits) === (after.mode & bits);
    return sameMode && source.mtime === after.mtime ? 'right' : 'whole';
  }
  return before !== undefined && after.type === before.type && after.content === before.content ? 'old' : 'half';
}

// A named directory speaks for what is in it.
function covers(names: Map<string, string>, path: string): boolean {
  for (let at = path; ; at = at.slice(0, Math.max(at.lastIndexOf('/'), 0))) {
    if (names.has(at)) return true;
    if (at === '') return false;
  }
}

function show(path: string): string {
  return path === '' ? '(top)' : path;
}
