import { accessSync, chmodSync, constants, mkdirSync, rmdirSync } from 'node:fs';
import { resolve } from 'node:path';
import type { Config } from '../api/config.ts';
import { RefusedError, UsageError } from '../api/errors.ts';
import { join, printable, type RawPath, toBytes } from '../api/names.ts';
import type { Root } from '../fs/directories.ts';
import { isClosedToOwner, isUnfinished, UNFINISHED_DIR_MODE } from '../fs/directories.ts';
import { type FileSystem, type Stat, withHandle } from '../fs/file-system.ts';
import { codeOf, orNull, systemCall } from '../fs/system-error.ts';
import { listMounts, type Mount } from './mounts.ts';
import { checkOutputs, placeOf } from './output-place.ts';
import { checkOverlap, forbiddenPlaces } from './overlap.ts';
import {
  absolute,
  look,
  lookAtLink,
  orRefuse,
  type ResolvedPath,
  real,
  realAsFarAsItExists,
  realName,
  statOf,
} from './paths.ts';

/** A run that may begin: its two directories, and what was found or made there. */
export interface Plan {
  source: Root;
  destination: Root;
  /** The one file to copy, and its new name, when the source is a file. */
  single: { name: RawPath; as: RawPath } | null;
  /** With several sources: the only entries of the source directory that are copied; null: all. */
  names: readonly RawPath[] | null;
  /** The destination directory existed before. */
  merged: boolean;
  /** This run finishes it: it was made now, or by a killed run. */
  madeRoot: boolean;
  /** See `WorkerConfig.forbidden`. */
  forbidden: string[];
  /** The mode of a destination that denied its owner access; null: it did not. */
  closedMode: number | null;
  /** What is mounted; both directories, which an automounter may have had to mount, among it. */
  mounts: readonly Mount[];
  /** Removes what `prepare` made, for a run that is refused later. */
  undo: () => void;
}

/**
 * Checks the two paths and makes the destination directory. Throws RefusedError, with nothing written; UsageError for options
 * that do not apply to a source that is not a directory.
 * @param isLeftOut see `checkOverlap`
 */
export function prepare(
  fs: FileSystem,
  source: string | Uint8Array,
  destination: string | Uint8Array,
  config: Config,
  isLeftOut = false,
): Plan {
  const { dryRun } = config;
  const from = absolute(source, config);
  const to = absolute(destination, config);
  const found = lookAtSource(from, config);
  // Copied itself, with `archive` also because it dangles.
  const isLink = found.type === 'l';
  const at = orRefuse(from, 'cannot look at the source', () => (isLink ? realName(from) : real(from)));
  const there = orRefuse(to, 'cannot look at the destination', () => look(to));
  if (found.type === 'd') {
    if (there !== null && there.type !== 'd') throw new RefusedError(to, 'is not a directory', 'ENOTDIR');
    const resolved = resolveDestination(to);
    checkOutputs(config, at, () => resolved.path);
    return prepareTree(fs, { dir: at, names: null, directories: [at], isLeftOut }, to, resolved, config);
  }
  refuseForOneEntry(config);
  const typed = from.slice(from.lastIndexOf('/') + 1);
  const into = there?.type === 'd' || /\/\.{0,2}$/.test(to) || to.endsWith('/');
  const [dir, as] = into ? [to, typed] : splitLast(to);
  const place = into ? join(dir, as) : to;
  checkOutputs(config, at, () => placeOf(place));
  const old = orRefuse(place, 'cannot look at the destination', () => (isLink ? lookAtLink(place) : look(place)));
  if (old?.identity === found.identity) throw sameFile(place);
  // A FIFO may replace a FIFO. Who names a device means to write to it, which is not supported.
  if (there !== null && (isDevice(there) || (isSpecial(there) && found.type === 'f'))) {
    throw new RefusedError(to, 'is neither a directory nor a regular file', 'EPCOPY_TYPE');
  }
  return prepareFile(fs, splitLast(at), [dir, as], dryRun);
}

function isDevice({ type }: Stat): boolean {
  return type === 'c' || type === 'b';
}

/** A FIFO, a socket or a device. */
function isSpecial({ type }: Stat): boolean {
  return type !== 'f' && type !== 'd';
}

function lookAtSource(path: RawPath, { archive, sourceLink }: Config): Stat {
  const itself = sourceLink && !path.endsWith('/') ? lookAtLink(path) : null;
  if (itself !== null) return itself;
  const found = orRefuse(path, 'cannot look at the source', () => look(path));
  if (found !== null && isSpecial(found) && !archive) {
    throw new RefusedError(path, 'is a FIFO, a socket or a device: copied only with --archive', 'EPCOPY_TYPE');
  }
  if (found !== null) return found;
  const link = lookAtLink(path);
  if (link === null) throw new RefusedError(path, 'no such file or directory', 'ENOENT');
  if (archive) return link;
  throw new RefusedError(path, 'is a dangling symbolic link: copied only with --source-link or --archive', 'ENOENT');
}

// Options that would be ignored silently.
function refuseForOneEntry(config: Config): void {
  const ignored = [
    ['--delete', config.delete, 'there is no folder to compare with'],
    ['--files-from', config.filesFrom !== null, 'the paths are relative to a folder'],
    ['--gitignore', config.gitignore, 'a single file is copied whatever the rules say'],
  ] as const;
  for (const [option, isGiven, why] of ignored) {
    if (isGiven) throw new UsageError(`option '${option}' requires a folder as the source: ${why}.`);
  }
}

/** A directory to copy from, with real paths. */
export interface Origin {
  dir: RawPath;
  /** See `Plan.names`. */
  names: readonly RawPath[] | null;
  /** The directories that are copied: itself, or those among the names. */
  directories: readonly RawPath[];
  /** See `checkOverlap`. */
  isLeftOut?: boolean;
}

/** A destination of several sources gets the mode and times of none. */
export function prepareTree(fs: FileSystem, origin: Origin, to: RawPath, resolved: ResolvedPath, config: Config): Plan {
  const { dryRun } = config;
  const { dir: source, names, directories, isLeftOut } = origin;
  const { path: destination, existing, missing } = resolved;
  const mounts = listMounts();
  refuseByName(to, destination, () => checkOverlap(mounts, directories, destination, existing, isLeftOut));
  const root = openedRoot(fs, source);
  // A directory whose entries are named is not listed.
  if (config.filesFrom === null && names === null) checkAccess(source, constants.R_OK, 'cannot open the directory');
  const closedMode = missing.length === 0 ? closedModeOf(destination) : null;
  const made =
    closedMode === null
      ? makeDirectories(existing, missing, dryRun, names === null ? UNFINISHED_DIR_MODE : 0o777)
      : { dirs: [], undo: () => setMode(destination, closedMode) };
  const undo = dryRun ? () => {} : made.undo;
  const plan: Plan = orUndo(undo, () => ({
    closedMode: dryRun ? null : closedMode,
    source: root,
    destination: destinationRoot(fs, destination, made.dirs.length > 0 && dryRun),
    single: null,
    names,
    merged: missing.length === 0,
    madeRoot: names === null && (missing.length > 0 || isUnfinished(statOfDestination(destination).mode)),
    forbidden:
      missing.length > 0
        ? []
        : orRefuse(source, 'cannot look at the source', () =>
            forbiddenPlaces(mounts, directories, names === null ? splitLast(source)[0] : source, destination),
          ),
    mounts,
    undo,
  }));
  if (plan.closedMode !== null) setMode(destination, plan.closedMode | 0o700);
  return plan;
}

// Overlap is found by the real path; the typed one may lead there through links.
function refuseByName(typed: RawPath, real: RawPath, check: () => void): void {
  try {
    check();
  } catch (error) {
    if (!(error instanceof RefusedError)) throw error;
    const why = resolve(typed) === real ? error.message : `${error.message}: it leads to ${printable(real)}`;
    throw new RefusedError(typed, why, error.code, { cause: error });
  }
}

type DirAndName = [dir: RawPath, name: RawPath];

function prepareFile(fs: FileSystem, [sourceDir, name]: DirAndName, [dir, as]: DirAndName, dryRun: boolean): Plan {
  const { path: destination, existing, missing } = resolveDestination(dir);
  const root = openedRoot(fs, sourceDir);
  const made = makeDirectories(existing, missing, dryRun, 0o777);
  return orUndo(made.undo, () => ({
    source: root,
    destination: destinationRoot(fs, destination, made.dirs.length > 0 && dryRun),
    single: { name, as },
    names: null,
    merged: missing.length === 0,
    madeRoot: false,
    closedMode: null,
    forbidden: [],
    mounts: listMounts(),
    undo: made.undo,
  }));
}

function orUndo<T>(undo: () => void, look: () => T): T {
  try {
    return look();
  } catch (error) {
    undo();
    throw error;
  }
}

export function resolveDestination(path: RawPath): ResolvedPath {
  const resolved = orRefuse(path, 'cannot look at the destination', () => realAsFarAsItExists(path));
  const [first] = resolved.missing;
  if (first !== undefined && look(resolved.existing)?.type !== 'd') {
    throw new RefusedError(path, 'a part of the path is not a directory', 'ENOTDIR');
  }
  // Followed, a dangling link looks like a missing name.
  if (first !== undefined && lookAtLink(join(resolved.existing, first)) !== null) {
    throw new RefusedError(join(resolved.existing, first), 'a dangling symbolic link is in the way', 'EEXIST');
  }
  return resolved;
}

function openedRoot(fs: FileSystem, path: RawPath): Root {
  return orRefuse(path, 'cannot open the directory', () =>
    withHandle(fs, fs.openRoot(path), (handle) => ({ path, identity: fs.stat(handle).identity })),
  );
}

function destinationRoot(fs: FileSystem, path: RawPath, missing: boolean): Root {
  return missing ? { path, identity: '' } : openedRoot(fs, path);
}

function closedModeOf(path: RawPath): number | null {
  const stat = statOfDestination(path);
  return isClosedToOwner(stat) ? stat.mode : null;
}

// If it fails, the first write reports the reason.
function setMode(path: RawPath, mode: number): void {
  orNull(() => chmodSync(toBytes(path), mode));
}

// Missing parents get ordinary modes; the last directory the mode of an unfinished one.
function makeDirectories(
  existing: RawPath,
  missing: readonly RawPath[],
  dryRun: boolean,
  lastMode: number,
): { dirs: RawPath[]; undo: () => void } {
  checkAccess(existing, constants.W_OK | constants.X_OK, 'cannot write to the destination');
  const dirs: RawPath[] = [];
  let at = existing;
  const undo = (): void => {
    for (const dir of dirs.reverse()) orNull(() => rmdirSync(toBytes(dir)));
  };
  for (const [index, name] of missing.entries()) {
    at = join(at, name);
    const path = at;
    const mode = index === missing.length - 1 ? lastMode : 0o777;
    if (!dryRun) {
      const isMade = orUndo(undo, () => orRefuse(path, 'cannot make the directory', () => makeOrFind(path, mode)));
      if (!isMade) continue;
    }
    dirs.push(path);
  }
  return { dirs, undo: dryRun ? () => {} : undo };
}

function checkAccess(path: RawPath, access: number, what: string): void {
  orRefuse(path, what, () => systemCall(() => accessSync(toBytes(path), access)));
}

function statOfDestination(path: RawPath): Stat {
  return orRefuse(path, 'cannot look at the destination', () => statOf(path));
}

// Another process may make it at the same time, which is fine.
function makeOrFind(path: RawPath, mode: number): boolean {
  try {
    systemCall(() => mkdirSync(toBytes(path), mode));
    const made = statOfDestination(path).mode;
    // The umask may clear any bit, and some file systems drop the sticky one.
    if (mode === UNFINISHED_DIR_MODE && !isUnfinished(made)) setMode(path, mode);
    // As with `mkdir -p`, a parent is accessible whatever the umask.
    else if ((made & 0o300) !== 0o300) setMode(path, made | 0o300);
    return true;
  } catch (error) {
    if (codeOf(error) === 'EEXIST' && look(path)?.type === 'd') return false;
    throw error;
  }
}

export function splitLast(path: RawPath): DirAndName {
  const slash = path.lastIndexOf('/');
  return [path.slice(0, slash) || '/', path.slice(slash + 1)];
}

function sameFile(path: RawPath): RefusedError {
  return new RefusedError(path, 'source and destination are the same file', 'EPCOPY_OVERLAP');
}
