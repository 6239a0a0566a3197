// The only file that knows fast-glob.
import glob from 'fast-glob';
import { type ListedEntry, VIRTUAL_ROOT } from './tree-adapter.ts';

/** Whether fast-glob would match with the pattern rather than look it up. */
export function isDynamic(pattern: string): boolean {
  return glob.isDynamicPattern(pattern);
}

/** Emits `data` for each entry that `readdir` gives, and `end`. What is not wanted is left out there, and not here. */
export function globStream(readdir: unknown): NodeJS.ReadableStream {
  return glob.stream('**', {
    cwd: VIRTUAL_ROOT,
    dot: true,
    // Spares fast-glob taking each path apart, which counts in deep trees.
    baseNameMatch: true,
    onlyFiles: false,
    // There is one walk, which meets each entry once.
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
  dirent: ListedEntry;
}
