import fs from 'node:fs';
import { join, type RawPath } from '../api/names.ts';
import type { Handle } from './file-system.ts';
import * as flags from './flags.ts';
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
  /** Opens a file for reading, as `FileSystem.openRead`, but not where its access time would be updated. null: it did not succeed. */
  openRead(dir: Handle, name: RawPath, opened: (handle: Handle | null) => void): void;
  /** Creates a file as `FileSystem.createNew`. null: it did not succeed. */
  createNew(dir: Handle, name: RawPath, mode: number, made: (handle: Handle | null) => void): void;
  /** Has the first bytes of an open file read into the kernel's cache, where that takes no thread. */
  fetch(handle: Handle, bytes: number): void;
}

const READ_QUIETLY = flags.O_RDONLY | flags.O_NOFOLLOW | flags.O_NONBLOCK | flags.O_NOCTTY | flags.O_NOATIME;

const CREATE = flags.O_RDWR | flags.O_CREAT | flags.O_EXCL | flags.O_NOFOLLOW;

export const askAhead: AskAhead = {
  entry: (dir, name) => fs.lstat(nodePath(join(pathOf(dir), name)), nothing),
  // `.` is no link: the path is walked, and no more.
  access: (dir) => fs.readlink(join(pathOf(dir), '.'), nothing),
  close: (handle) => fs.close(handle, nothing),
  openRead: (dir, name, opened) =>
    fs.open(nodePath(join(pathOf(dir), name)), READ_QUIETLY, (error, fd) => opened(error === null ? fd : null)),
  createNew: (dir, name, mode, made) =>
    fs.open(nodePath(join(pathOf(dir), name)), CREATE, mode, (error, fd) => made(error === null ? fd : null)),
  fetch: nothing,
};

function nothing(): void {}
