import type { RawPath } from '../api/names.ts';
import type { Handle } from './file-system.ts';

/** A path that leads to what the handle holds, were it a symbolic link; for calls that take no descriptor. */
export function pathOf(handle: Handle): RawPath {
  return `/proc/self/fd/${handle}`;
}

/**
 * Whether what /proc says of a handle still ends in this name. The kernel follows renames, and after an unlink appends
 * ` (deleted)`: of a name with that ending it cannot be known (null).
 */
export function isNameIn(target: RawPath, name: RawPath): boolean | null {
  if (!target.endsWith(`/${name}`)) return false;
  return name.endsWith(' (deleted)') ? null : true;
}
