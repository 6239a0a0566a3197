import { types } from 'node:util';
import type { RawPath } from '../api/names.ts';
import type { FileSystem, Handle, Stat } from './file-system.ts';
import { orNull } from './system-error.ts';
import { parseTemporaryName, type TemporaryName } from './temporary-name.ts';

/** Milliseconds. Where nobody can tell whether the writer lives, a file that nothing has changed for so long is dead. */
const ABANDONED_AFTER = 24 * 60 * 60 * 1000;

/** The names in a directory that are temporary ones, of whatever run. */
export function temporaryNamesIn(fs: FileSystem, dir: Handle): RawPath[] {
  const found: RawPath[] = [];
  fs.list(dir, (name) => {
    if (parseTemporaryName(name) !== null) found.push(name);
  });
  return found;
}

/**
 * Removes an entry with a temporary name when the run that made it is dead.
 * @param options `before` (milliseconds since 1970): entries changed since then stay; `dryRun`: it is only asked for
 * @returns whether it was that. Throws what the calls throw
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
  // Held until the name is gone: whoever has just made the file and cannot lock it takes another name.
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
  // A lock may not be seen from other machines: that is a matter of how the network file system is mounted.
  return (got === true && (made.isHere || !fs.space(dir).network)) || isAbandoned(made, there);
}

function isAbandoned(made: TemporaryName, { changedMs }: Stat): boolean {
  return (made.isHere && !isRunning(made.pid)) || changedMs < Date.now() - ABANDONED_AFTER;
}

/** By a signal that is not sent: /proc may be hidden or missing. Another process may have got the number since. */
export function isRunning(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch (error) {
    return types.isNativeError(error) && Reflect.get(error, 'code') !== 'ESRCH';
  }
}
