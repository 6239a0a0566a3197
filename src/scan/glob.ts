// The only file that knows fast-glob.
import glob from 'fast-glob';
import type { Patterns } from './selection.ts';
import { type ListedEntry, VIRTUAL_ROOT } from './tree-adapter.ts';

/** Whether fast-glob would match with the pattern rather than look it up. */
export function isDynamic(pattern: string): boolean {
  return glob.isDynamicPattern(pattern);
}

/** Emits `data` with the path of each selected entry (see `pathOf`), and `end`. */
export function globStream(patterns: Patterns, readdir: unknown): NodeJS.ReadableStream {
  return glob.stream(patterns.positive, {
    cwd: VIRTUAL_ROOT,
    ignore: patterns.negative,
    dot: true,
    // Where everything is wanted it only spares fast-glob taking each path apart, which counts in deep trees.
    baseNameMatch: patterns.all,
    onlyFiles: false,
    // All patterns begin at the top, so there is one walk, which meets each entry once.
    unique: false,
    objectMode: true,
    followSymbolicLinks: false,
    // The adapter keeps the order and lists one directory at a time.
    concurrency: Number.POSITIVE_INFINITY,
    fs: { readdir: readdir as typeof import('node:fs').readdir },
  });
}

/** What the stream emits for an entry. */
export interface GlobEntry {
  path: string;
  dirent: ListedEntry;
}
