import { readFileSync } from 'node:fs';
import type { FileSystem, Handle, TypeLetter } from '../fs/file-system.ts';
import type { RawPath } from '../names.ts';
import type { Root } from '../wire.ts';
import { type Enter, MISSING } from './chain.ts';
import type { Context } from './context.ts';
import { attempt, refuse } from './failure.ts';

/**
 * The mode of a directory that is being filled: nobody else may look, and the sticky bit marks it as ours, so that a
 * run after a killed one knows which directories were never finished.
 */
export const IN_THE_MAKING = 0o1700;

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
  try {
    const line = /^Max open files +(\d+)/m.exec(readFileSync('/proc/self/limits', 'latin1'));
    return line === null ? 1024 : Number(line[1]);
  } catch {
    return 1024;
  }
}

/** Opens one of the two directories of the run and makes sure that it is the one the run began with. */
export function openRoot(fs: FileSystem, root: Root, side: 'source' | 'destination'): Handle {
  const handle = attempt('', side, 'open', () => fs.openRoot(root.path));
  if (fs.stat(handle).identity !== root.identity) {
    throw refuse('', side, 'open', 'EPCOPY_CHANGED', 'was replaced by another directory');
  }
  return handle;
}

/** Opens a directory on the way into the source. Links are never followed, unless the user asked for it. */
export function enterSource(fs: FileSystem, dereference: boolean): Enter {
  return (parent, name, path) =>
    attempt(path, 'source', 'open', () =>
      dereference ? fs.openTarget(parent, name, 'd') : fs.openDirectory(parent, name),
    );
}

/** Opens a directory on the way into the destination; what is missing is made. */
export function enterDestination(context: Context, parent: Handle, name: RawPath, path: RawPath): Handle {
  const { fs, config } = context;
  if (config.dryRun) {
    if (attempt(path, 'destination', 'stat', () => fs.statAt(parent, name)) === null) return MISSING;
  } else {
    ensureDirectory(context, parent, name, path);
  }
  return attempt(path, 'destination', 'open', () => fs.openDirectory(parent, name));
}

/** Makes the directory, or finds it there. @returns true when it is this run's to finish */
export function ensureDirectory(context: Context, parent: Handle, name: RawPath, path: RawPath): boolean {
  const { fs, config, report } = context;
  if (attempt(path, 'destination', 'mkdir', () => fs.makeDirectory(parent, name, IN_THE_MAKING))) {
    report.made.push(path);
    if (config.fsync) attempt(path, 'destination', 'fsync', () => fs.sync(parent));
    return true;
  }
  const there = attempt(path, 'destination', 'stat', () => fs.statAt(parent, name));
  if (there === null || there.type !== 'd') {
    throw refuse(path, 'destination', 'make directory', 'ENOTDIR', wayBlocked(there?.type));
  }
  if (config.forbidden.includes(there.identity)) {
    throw refuse(path, 'destination', 'enter', 'EPCOPY_OVERLAP', 'would land on the source or one of its parents');
  }
  const ours = there.mode === IN_THE_MAKING;
  (ours ? report.made : report.kept).push(path);
  return ours;
}

export function wayBlocked(type: TypeLetter | undefined): string {
  return type === 'l' ? 'a symbolic link is where a directory should be' : 'a file is where a directory should be';
}
