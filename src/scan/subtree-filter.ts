import { join, type RawPath } from '../api/names.ts';
import type { Select } from './tree-adapter.ts';

/** Keeps a walk of the tree to some directories with all that is in them, and the ways to them. */
export class SubtreeFilter {
  private readonly tops: ReadonlySet<RawPath>;
  /** The directories on the ways to them, themselves included. */
  private readonly ways = new Set<RawPath>();
  /** Entries of one directory are asked about one after the other. */
  private last: { dir: RawPath; held: boolean } | null = null;

  constructor(tops: ReadonlySet<RawPath>) {
    this.tops = tops;
    for (const top of tops) for (const path of pathsTo(top)) this.ways.add(path);
  }

  /** Whether the entries of the directory are wanted. */
  holds(dir: RawPath): boolean {
    if (this.last?.dir !== dir) this.last = { dir, held: liesIn(this.tops, dir) };
    return this.last.held;
  }

  readonly select: Select = (dir, _handle, entries) =>
    this.holds(dir) ? entries : entries.filter((entry) => entry.isDirectory() && this.ways.has(join(dir, entry.raw)));
}

/** Whether the path is one of these, or lies below one. */
export function liesIn(tops: ReadonlySet<RawPath>, path: RawPath): boolean {
  if (tops.size === 0) return false;
  for (const way of pathsTo(path)) if (tops.has(way)) return true;
  return false;
}

/** `a`, `a/b`, `a/b/c` of `a/b/c`. */
export function* pathsTo(path: RawPath): Generator<RawPath> {
  for (let at = path.indexOf('/'); at >= 0; at = path.indexOf('/', at + 1)) yield path.slice(0, at);
  if (path !== '') yield path;
}
