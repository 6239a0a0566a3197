import { types } from 'node:util';
import type { RawPath } from '../api/names.ts';
import type { FileSystem, Handle, Stat } from './file-system.ts';
import { orNull } from './system-error.ts';
import { parseTemporaryName, type TemporaryName } from './temporary-name.ts';

/** Milliseconds after its last change at which a file counts as stale when it is unknown whether its writer lives. */
const ABANDONED_AFTER = 24 * 60 * 60 * 1000;

/** The temporary names in a directory, of any run. */
export function temporaryNamesIn(fs: FileSystem, dir: Handle): RawPath[] {
  const found: RawPath[] = [];
  fs.list(dir, (name) => {
    if (parseTemporaryName(name) !== null) found.push(name);
  });
  return found;
}

/**
 * Removes an entry with a temporary name if the run that made it is dead.
 * @param options `before` (milliseconds since 1970): later changed entries stay; `dryRun`: do not remove
 * @returns whether it was stale. Throws SystemError
 */
export function removeStale(
  fs: FileSystem,
  dir: Handle,
  name: RawPath,
  { before = Number.POSITIVE_INFINITY, dryRun = false } = {},
): boolean {
  const made = parseTemporaryName(name);
  const found = made === null ? null : fs.statAt(dir, name);
  if (made === null || found === null || found.type === 'd' || found.changedMs >= before) return false;
  // The lock is held until the name is gone: a writer that has just made the file and cannot lock it chooses another name.
  const handle = made.isLocked && found.type === 'f' ? orNull(() => fs.openRead(dir, name)) : null;
  try {
    const isStale = handle === null ? isAbandoned(made, found) : isUnlocked(fs, dir, name, handle, made);
    if (isStale && !dryRun) fs.unlink(dir, name);
    return isStale;
  } finally {
    if (handle !== null) fs.close(handle);
  }
}

function isUnlocked(fs: FileSystem, dir: Handle, name: RawPath, handle: Handle, made: TemporaryName): boolean {
  const got = fs.lock(handle, 'shared');
  if (got === false) return false;
  const there = fs.statAt(dir, name);
  if (there?.identity !== fs.stat(handle).identity) return false;
  // Depending on the mount options of a network file system, locks of other machines may be invisible.
  return (got === true && (made.isHere || !fs.space(dir).network)) || isAbandoned(made, there);
}

function isAbandoned(made: TemporaryName, { changedMs }: Stat): boolean {
  return (made.isHere && !isRunning(made.pid)) || changedMs < Date.now() - ABANDONED_AFTER;
}

/** By signal 0, since /proc may be hidden or missing. The number may have been reused since. */
export function isRunning(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch (error) {
    return types.isNativeError(error) && Reflect.get(error, 'code') !== 'ESRCH';
  }
}
