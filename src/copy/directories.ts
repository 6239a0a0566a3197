import { attempt, refuse } from '../failure.ts';
import type { Handle, TypeLetter } from '../fs/file-system.ts';
import type { RawPath } from '../names.ts';
import { MISSING } from '../tree/chain.ts';
import { IN_THE_MAKING } from '../tree/directories.ts';
import type { Context } from './context.ts';

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
