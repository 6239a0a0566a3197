import type { RawPath } from '../api/names.ts';
import { MISSING } from '../fs/dir-handle-cache.ts';
import { isClosedToOwner, isUnfinished, makeUnfinished } from '../fs/directories.ts';
import { attempt, entryError, notADirectory } from '../fs/entry-error.ts';
import { deviceOf, type Handle, type Stat } from '../fs/file-system.ts';
import { orNull } from '../fs/system-error.ts';
import { wouldBeGone } from './atomic-write.ts';
import { type Context, syncIfAsked } from './context.ts';

/** Opens a directory on a path into the destination; a missing one is made. */
export function enterDestination(context: Context, parent: Handle, name: RawPath, path: RawPath): Handle {
  const { fs, config } = context;
  if (config.dryRun) {
    const there = attempt(path, 'destination', 'stat', () => fs.statAt(parent, name));
    if (there === null || wouldBeGone(context, there, 'd')) return MISSING;
    checkThere(context, there, path);
  } else {
    const there = enterExisting(context, parent, name, path);
    if (there !== null) return there;
    ensureDirectory(context, parent, name, path);
  }
  return attempt(path, 'destination', 'open', () => hold(context, parent, name));
}

// Only an open directory can be synced.
function hold({ fs, config }: Context, parent: Handle, name: RawPath): Handle {
  return config.fsync ? fs.openDirectory(parent, name) : fs.holdDirectory(parent, name);
}

// Mostly it exists, made when it was listed. Trying to make it first would take its parent's lock for nothing.
function enterExisting(context: Context, parent: Handle, name: RawPath, path: RawPath): Handle | null {
  const { fs } = context;
  const handle = orNull(() => hold(context, parent, name));
  if (handle === null) return null; // Missing, or no directory: making it reports the error.
  try {
    const there = attempt(path, 'destination', 'stat', () => fs.statKnown(handle));
    noteDirectory(context, there, path);
    return makeAccessible(context, handle, there, path);
  } catch (error) {
    fs.close(handle);
    throw error;
  }
}

/**
 * Makes a directory of ours accessible that denies us access, as in a copy of a read-only tree; its mode is restored at the end
 * of the run. @returns the handle, or a new one when this one cannot list
 */
export function makeAccessible(context: Context, handle: Handle, there: Stat, path: RawPath): Handle {
  const { fs } = context;
  if (!isClosedToOwner(there)) return handle;
  // Before the change, since a worker may be killed at any moment.
  context.emit({ type: 'opened', path, mode: there.mode });
  // If that fails, the next step in it reports the error.
  if (orNull(() => fs.setMode(handle, there.mode | 0o700)) === null) return handle;
  const again = attempt(path, 'destination', 'open', () => hold(context, handle, '.'));
  fs.close(handle);
  return again;
}

/** Limit of remembered directories. */
const REMEMBERED = 10_000;

/**
 * Makes the directory, or accepts an existing one.
 * @param mayInheritAcl whether entries of the parent may inherit an ACL, as far as known
 * @returns true when this run has to finish it
 */
export function ensureDirectory(
  context: Context,
  parent: Handle,
  name: RawPath,
  path: RawPath,
  mayInheritAcl: () => boolean = () => true,
): boolean {
  const { fs, report, madeHere } = context;
  const guard = (): void => context.heartbeat.guard();
  const made = attempt(path, 'destination', 'mkdir', () => makeUnfinished(fs, parent, name, guard));
  if (made !== null) {
    if (madeHere.size >= REMEMBERED) madeHere.clear();
    madeHere.set(made, mayInheritAcl());
    report.made.push(path);
    syncIfAsked(context, path, parent);
    return true;
  }
  return noteDirectory(
    context,
    attempt(path, 'destination', 'stat', () => fs.statAt(parent, name)),
    path,
  );
}

function noteDirectory(context: Context, there: Stat | null, path: RawPath): boolean {
  const { report } = context;
  // Its name was taken a moment ago: it is gone again, or this machine does not see yet what another one has made.
  if (there === null) throw entryError(path, 'destination', 'stat', 'ENOENT', 'no such file or directory');
  const ours = checkThere(context, there, path);
  // Mount points existed before the run.
  if (deviceOf(there) !== deviceOf(context.config.destination)) context.hasMounts = true;
  (ours ? report.made : report.kept).push(path);
  return ours;
}

/** Throws when the existing entry is no directory, or a forbidden one. @returns true when it is unfinished */
export function checkThere({ config }: Context, there: Stat | null, path: RawPath): boolean {
  if (there?.type !== 'd') {
    throw notADirectory(path, there?.type);
  }
  if (config.forbidden.includes(there.identity)) {
    throw entryError(path, 'destination', 'enter', 'EPCOPY_OVERLAP', 'would land on the source or one of its parents');
  }
  return isUnfinished(there.mode);
}
