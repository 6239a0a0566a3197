// The only file that imports fast-glob.
import glob from 'fast-glob';
import { type ListedEntry, VIRTUAL_ROOT } from './tree-adapter.ts';

/** Whether the pattern has wildcards, for fast-glob. */
export function isDynamic(pattern: string): boolean {
  return glob.isDynamicPattern(pattern);
}

/** Emits `data` for each entry that `readdir` returns, then `end`. `readdir` does the filtering. */
export function globStream(readdir: unknown): NodeJS.ReadableStream {
  return glob.stream('**', {
    cwd: VIRTUAL_ROOT,
    dot: true,
    // Keeps fast-glob from splitting each path, which matters in deep trees.
    baseNameMatch: true,
    onlyFiles: false,
    // There is one walk, which visits each entry once.
    unique: false,
    objectMode: true,
    followSymbolicLinks: false,
    // The adapter keeps the order and lists one directory at a time.
    concurrency: Number.POSITIVE_INFINITY,
    fs: { readdir: readdir as typeof import('node:fs').readdir },
  });
}

/** The data that the stream emits. */
export interface GlobEntry {
  dirent: ListedEntry;
}
