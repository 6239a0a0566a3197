import { constants } from 'node:os';
import { isAscii, type RawPath, toBytes } from '../api/names.ts';
import type { Handle } from './file-system.ts';
import { systemError } from './system-error.ts';

/** A path as `node:fs` takes it. Throws SystemError (EINVAL) for a character that is not a byte, which would be changed, or a NUL. */
export function nodePath(path: RawPath): string | Buffer {
  if (/[^\x01-\xff]/.test(path)) throw systemError(constants.errno.EINVAL, 'name');
  return isAscii(path) ? path : toBytes(path);
}

/** A path to the entry of a handle, even a symbolic link, for calls that take no descriptor. */
export function pathOf(handle: Handle): RawPath {
  return `/proc/self/fd/${handle}`;
}

/**
 * Whether the path in /proc of a handle still ends in this name. The kernel follows renames, and appends ` (deleted)` after an
 * unlink, so the answer for a name with that ending is unknown (null).
 */
export function isNameIn(target: RawPath, name: RawPath): boolean | null {
  if (!target.endsWith(`/${name}`)) return false;
  return name.endsWith(' (deleted)') ? null : true;
}
