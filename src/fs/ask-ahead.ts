import fs from 'node:fs';
import { join, type RawPath } from '../api/names.ts';
import type { Handle } from './file-system.ts';
import { nodePath, pathOf } from './proc-path.ts';

/**
 * Asks the storage in threads of libuv's pool what the next calls would ask it: the kernel remembers the answers, and nobody else wants
 * them. Nothing fails here: the calls that follow do. Linux only.
 */
export interface AskAhead {
  /** Looks an entry up. */
  entry(dir: Handle, name: RawPath): void;
  /**
   * Checks the access to a directory as each call by a name in it does, for which some storage is asked after every change there, and other
   * storage never.
   */
  access(dir: Handle): void;
  /** Closes a file that was only read; even then storage is told. */
  close(handle: Handle): void;
}

export const askAhead: AskAhead = {
  entry: (dir, name) => fs.lstat(nodePath(join(pathOf(dir), name)), nothing),
  // `.` is no link: the path is walked, and no more.
  access: (dir) => fs.readlink(join(pathOf(dir), '.'), nothing),
  close: (handle) => fs.close(handle, nothing),
};

function nothing(): void {}
