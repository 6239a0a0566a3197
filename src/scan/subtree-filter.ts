import { join, type RawPath } from '../api/names.ts';
import type { Select } from './tree-adapter.ts';

/** Restricts a walk of the tree to some directories with their contents, and their ancestors. */
export class SubtreeFilter {
  private readonly tops: ReadonlySet<RawPath>;
  /** Those directories and their ancestors. */
  private readonly ancestors = new Set<RawPath>();
  /** The last answer: calls for the entries of one directory are consecutive. */
  private last: { dir: RawPath; held: boolean } | null = null;

  constructor(tops: ReadonlySet<RawPath>) {
    this.tops = tops;
    for (const top of tops) for (const path of pathsTo(top)) this.ancestors.add(path);
  }

  /** Whether the entries of the directory are listed. */
  holds(dir: RawPath): boolean {
    if (this.last?.dir !== dir) this.last = { dir, held: liesIn(this.tops, dir) };
    return this.last.held;
  }

  readonly select: Select = (dir, _handle, entries) =>
    this.holds(dir)
      ? entries
      : entries.filter((entry) => entry.isDirectory() && this.ancestors.has(join(dir, entry.raw)));
}

/** Whether the path is one of these or lies below one. */
export function liesIn(tops: ReadonlySet<RawPath>, path: RawPath): boolean {
  if (tops.size === 0) return false;
  for (const ancestor of pathsTo(path)) if (tops.has(ancestor)) return true;
  return false;
}

/** `a`, `a/b`, `a/b/c` of `a/b/c`. */
export function* pathsTo(path: RawPath): Generator<RawPath> {
  for (let at = path.indexOf('/'); at >= 0; at = path.indexOf('/', at + 1)) yield path.slice(0, at);
  if (path !== '') yield path;
}
