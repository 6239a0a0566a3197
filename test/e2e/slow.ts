import { type Entry, file } from '../support/tree.ts';

/** One byte a call: what a test has to catch in the middle of a file takes long enough to be caught. */
export const SLOW: readonly string[] = ['--chunk-size', '1', '--batch', '1', '--reflink', 'never'];

/** A file that takes seconds with `SLOW`. */
export function slowFile(bytes = 4 << 20): Entry {
  return file(Buffer.alloc(bytes, 'slow content '));
}
