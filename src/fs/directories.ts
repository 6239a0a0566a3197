import { readFileSync } from 'node:fs';
import { type RawPath, sourcePath } from '../api/names.ts';
import type { Enter } from './dir-handle-cache.ts';
import { attempt, entryError } from './entry-error.ts';
import { type FileSystem, type Handle, type Stat, withHandle } from './file-system.ts';
import { orNull } from './system-error.ts';

/** One of the two directories of a run, with the identity it had when the run began. */
export interface Root {
  /** Absolute. */
  path: RawPath;
  identity: string;
}

/**
 * The mode of a directory that is being filled: nobody else has access, and the sticky bit marks it, so that a later run
 * recognises directories that a killed run did not finish.
 */
export const UNFINISHED_DIR_MODE = 0o1700;

/** Setgid is inherited from the parent, whatever mkdir is asked for. */
export function isUnfinished(mode: number): boolean {
  return (mode & ~0o2000) === UNFINISHED_DIR_MODE;
}

/**
 * Makes an unfinished directory.
 * @param guard called before each change; throws when other machines may have taken over the directory
 * @returns its identity, or null when the name is taken
 */
export function makeUnfinished(fs: FileSystem, parent: Handle, name: RawPath, guard = () => {}): string | null {
  guard();
  if (!fs.makeDirectory(parent, name, UNFINISHED_DIR_MODE)) return null;
  const made = fs.statAt(parent, name);
  if (made?.type === 'd' && !isUnfinished(made.mode)) {
    guard();
    markUnfinished(fs, parent, name, made.identity);
  }
  return made?.identity ?? '';
}

// On some file systems (bindfs, network shares) only chmod can set the sticky bit. Where it cannot either, the file system
// stores no modes.
function markUnfinished(fs: FileSystem, parent: Handle, name: RawPath, identity: string): void {
  withHandle(fs, fs.openDirectory(parent, name), (handle) =>
    orNull(() => fs.stat(handle).identity === identity && fs.setMode(handle, UNFINISHED_DIR_MODE)),
  );
}

/** Whether a directory denies access to us, its owner. Never for the superuser. */
export function isClosedToOwner({ uid, mode }: { uid: number; mode: number }): boolean {
  return uid !== 0 && uid === process.geteuid?.() && (mode & 0o700) !== 0o700;
}

/** Descriptors for Node itself and the current file. */
const OTHER_HANDLES = 32;
let held: number | undefined;

/**
 * How many handles one path may keep open: enough for real trees, and few enough for both trees in a process that may open only
 * 40 files.
 */
export function heldHandles(): number {
  held ??= Math.max(2, Math.min(64, Math.floor((openFilesLimit() - OTHER_HANDLES) / 4)));
  return held;
}

/** How many workers leave the listing its descriptors: the parent keeps two for each, and those of the directories that it holds. */
export function affordableWorkers(): number {
  return Math.max(2, Math.floor((openFilesLimit() - OTHER_HANDLES) / 8));
}

// Node raises its soft limit to the hard one at its start.
function openFilesLimit(): number {
  const limits = orNull(() => readFileSync('/proc/self/limits', 'latin1')) ?? '';
  return Number(/^Max open files +(\d+)/m.exec(limits)?.[1] ?? 1024);
}

/**
 * Opens one of the two directories of the run and checks that it is still the same.
 * @param how `holdRoot` where it is neither listed nor synced
 */
export function openRoot(
  fs: FileSystem,
  root: Root,
  side: 'source' | 'destination',
  how: 'openRoot' | 'holdRoot' = 'openRoot',
): Handle {
  const open = `open the ${side}`;
  const handle = attempt('', side, open, () => fs[how](root.path));
  if (attempt('', side, 'stat', () => fs.statKnown(handle)).identity !== root.identity) {
    fs.close(handle);
    throw entryError('', side, open, 'EPCOPY_CHANGED', 'was replaced by another directory');
  }
  return handle;
}

/**
 * Looks an entry of the source up. With `dereference` links are followed, and a missing entry is an error.
 * @returns null when there is no such entry
 */
export function statAtSource(fs: FileSystem, dereference: boolean, dir: Handle, name: RawPath): Stat | null {
  return dereference ? fs.statTarget(dir, sourcePath(name)) : fs.statAt(dir, sourcePath(name));
}

/**
 * Opens a directory on a path into the source. Links are followed only with `dereference`.
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
