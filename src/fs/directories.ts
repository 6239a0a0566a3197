import { readFileSync } from 'node:fs';
import { type RawPath, sourcePath } from '../api/names.ts';
import type { Enter } from './dir-handle-cache.ts';
import { attempt, entryError } from './entry-error.ts';
import type { FileSystem, Handle } from './file-system.ts';
import { orNull } from './system-error.ts';

/** One of the two directories of a run, with the identity it had when the run began. */
export interface Root {
  /** Absolute. */
  path: RawPath;
  identity: string;
}

/**
 * The mode of a directory that is being filled: nobody else may look, and the sticky bit marks it as ours, so that a
 * run after a killed one knows which directories were never finished.
 */
export const UNFINISHED_DIR_MODE = 0o1700;

/** Setgid is inherited from the parent, whatever mkdir is asked for. */
export function isUnfinished(mode: number): boolean {
  return (mode & ~0o2000) === UNFINISHED_DIR_MODE;
}

/** Makes a directory that is to be filled. @returns its identity, or null when the name is taken */
export function makeUnfinished(fs: FileSystem, parent: Handle, name: RawPath): string | null {
  if (!fs.makeDirectory(parent, name, UNFINISHED_DIR_MODE)) return null;
  const made = fs.statAt(parent, name);
  if (made?.type === 'd' && !isUnfinished(made.mode)) markUnfinished(fs, parent, name, made.identity);
  return made?.identity ?? '';
}

// Some file systems (bindfs, shares of other systems) let mkdir set no sticky bit, and chmod does. Where it does not either,
// the file system keeps no modes.
function markUnfinished(fs: FileSystem, parent: Handle, name: RawPath, identity: string): void {
  const handle = fs.openDirectory(parent, name);
  try {
    orNull(() => fs.stat(handle).identity === identity && fs.setMode(handle, UNFINISHED_DIR_MODE));
  } finally {
    fs.close(handle);
  }
}

/** Whether a directory is this user's own, and closed to all the same. A superuser is never locked out. */
export function isClosedToOwner({ uid, mode }: { uid: number; mode: number }): boolean {
  return uid !== 0 && uid === process.geteuid?.() && (mode & 0o700) !== 0o700;
}

/** What Node itself and the file in hand need. */
const OTHER_HANDLES = 32;
let held: number | undefined;

/**
 * How many handles one way down to a directory may hold: enough for real trees, and few enough that the ways into source
 * and destination fit a process that may open only 40 files.
 */
export function heldHandles(): number {
  held ??= Math.max(2, Math.min(64, Math.floor((openFilesLimit() - OTHER_HANDLES) / 4)));
  return held;
}

// Node raises its soft limit to the hard one at its start.
function openFilesLimit(): number {
  const limits = orNull(() => readFileSync('/proc/self/limits', 'latin1')) ?? '';
  return Number(/^Max open files +(\d+)/m.exec(limits)?.[1] ?? 1024);
}

/** Opens one of the two directories of the run and makes sure that it is the one the run began with. */
export function openRoot(fs: FileSystem, root: Root, side: 'source' | 'destination'): Handle {
  const open = `open the ${side}`;
  const handle = attempt('', side, open, () => fs.openRoot(root.path));
  if (attempt('', side, 'stat', () => fs.stat(handle)).identity !== root.identity) {
    fs.close(handle);
    throw entryError('', side, open, 'EPCOPY_CHANGED', 'was replaced by another directory');
  }
  return handle;
}

/**
 * Opens a directory on the way into the source. Links are never followed, unless the user asked for it.
 * @param enter `holdDirectory` where directories are not listed
 */
export function enterSource(
  fs: FileSystem,
  dereference: boolean,
  enter: 'openDirectory' | 'holdDirectory' = 'openDirectory',
): Enter {
  return (parent, name, path) =>
    attempt(path, 'source', 'open', () =>
      dereference ? fs.openTarget(parent, sourcePath(name), 'd') : fs[enter](parent, sourcePath(name)),
    );
}
