import type { RawPath } from '../api/names.ts';
import { MISSING } from '../fs/dir-handle-cache.ts';
import { attempt, directoryInTheWay, entryError, toCopyError } from '../fs/entry-error.ts';
import type { Handle, Stat, TypeLetter } from '../fs/file-system.ts';
import { codeOf, orNull } from '../fs/system-error.ts';
import type { Context, Entry } from './context.ts';
import { beginNamed, canLock, GUARDED, underTemporaryName } from './temporary-file.ts';

/** A file that is being written and does not have its final name yet. */
export interface StagedFile {
  handle: Handle;
  /** null: it has no name and disappears with its handle. The final name itself when writing in place. */
  temporary: RawPath | null;
  /** Only its owner has access so far; the mode is still to be set. */
  guarded: boolean;
  /** It existed before the run, and may have attributes. */
  reused: boolean;
}

/** An unnamed file could not be given a name; it is copied again under a temporary name. */
export class UnnamedRefused extends Error {
  override name = 'UnnamedRefused';
}

// Errors of system call filters, security modules, overlays or a missing /proc. If there is another reason, the attempt under a
// temporary name fails as well.
export const LINK_REFUSALS = new Set(['EPERM', 'EACCES', 'ENOSYS', 'EXDEV', 'EOPNOTSUPP', 'ENOENT', 'EINVAL']);

/** Whether a new file may have its mode from the start: it has no name, or its directory is accessible only to us. */
export interface Guard {
  /** Even then the mode is set only after owner and attributes. */
  keepGuarded: boolean;
  isPrivate: boolean;
}

/**
 * Begins a file at the entry's destination. Before `publish` nobody but the owner can open it by name; without a name, or in a
 * directory that nobody else can enter, it may have its mode at once.
 */
export function begin(context: Context, entry: Entry, source: Stat, { keepGuarded, isPrivate }: Guard): StagedFile {
  const { config, learned } = context;
  if (!config.atomic) return beginInPlace(context, entry, source);
  if (learned.createsUnnamed) {
    const handle = createUnnamed(context, entry, keepGuarded ? GUARDED : modeOf(source));
    if (handle !== null) return { handle, temporary: null, guarded: keepGuarded, reused: false };
    learned.createsUnnamed = false;
  }
  const { handle, temporary, madeAs } = beginNamed(context, entry, firstMode(source, { keepGuarded, isPrivate }));
  return { handle, temporary, guarded: keepGuarded || madeAs !== modeOf(source), reused: false };
}

/** Has the temporary file of the next file made ahead, if it will have one. */
export function beginAhead({ config, learned, ahead }: Context, source: Stat, guard: Guard): void {
  if (config.atomic && !learned.createsUnnamed) ahead.plan(firstMode(source, guard));
}

// Some servers reject writes to a file without write permission, even through an open handle.
function firstMode(source: Stat, { keepGuarded, isPrivate }: Guard): number {
  const mode = modeOf(source);
  return isPrivate && !keepGuarded && (mode & 0o600) === 0o600 ? mode : GUARDED;
}

function modeOf({ mode }: Stat): number {
  return mode & 0o777;
}

function createUnnamed({ fs }: Context, { destinationDir, path }: Entry, mode: number): Handle | null {
  try {
    return fs.createUnnamed(destinationDir, mode);
  } catch (error) {
    throw toCopyError(error, path, 'destination', 'create');
  }
}

/**
 * Gives the finished file its name in one step, replacing a file or link, but not a directory. After throwing UnnamedRefused no
 * more unnamed files are created.
 */
export function publish(
  context: Context,
  entry: Entry,
  staged: Pick<StagedFile, 'handle' | 'temporary'>,
  source: Stat | null,
): void {
  const { temporary } = staged;
  if (!context.config.atomic && temporary === entry.newName) return;
  context.heartbeat.guard();
  if (temporary === null) {
    if (!linkUnnamed(context, entry, staged, entry.newName)) replace(context, entry, staged, source);
  } else if (renameNew(context, entry, temporary)) staged.temporary = entry.newName;
  else replace(context, entry, staged, source);
}

// The name is taken.
function replace(
  context: Context,
  entry: Entry,
  staged: Pick<StagedFile, 'handle' | 'temporary'>,
  source: Stat | null,
): void {
  const { fs, heartbeat } = context;
  const { destinationDir, newName, path } = entry;
  checkReplaceable(context, entry, source);
  if (staged.temporary === null) {
    const isLocked = canLock(context) && fs.lock(staged.handle, 'exclusive') === true;
    heartbeat.guard();
    staged.temporary = underTemporaryName(context, isLocked, (name) => linkUnnamed(context, entry, staged, name));
  }
  const from = staged.temporary;
  heartbeat.guard();
  attempt(path, 'destination', 'rename', () => fs.rename(destinationDir, from, destinationDir, newName));
  staged.temporary = newName;
}

// Mostly the name is free, and no stat is needed.
function renameNew({ fs, learned }: Context, { destinationDir, newName, path }: Entry, from: RawPath): boolean {
  if (!learned.renamesNew) return false;
  const done = attempt(path, 'destination', 'rename', () => fs.renameNew(destinationDir, from, newName));
  learned.renamesNew = done !== null;
  return done === true;
}

function linkUnnamed(
  { fs, learned }: Context,
  { destinationDir, path }: Entry,
  { handle }: Pick<StagedFile, 'handle'>,
  name: RawPath,
): boolean {
  try {
    return fs.linkUnnamed(handle, destinationDir, name);
  } catch (error) {
    if (!LINK_REFUSALS.has(codeOf(error))) throw toCopyError(error, path, 'destination', 'link');
    learned.createsUnnamed = false;
    throw new UnnamedRefused(codeOf(error), { cause: error });
  }
}

/** Removes a file that was not published. Does not close its handle. */
export function abort(context: Context, entry: Entry, temporary: RawPath | null): void {
  if (temporary === null || temporary === entry.newName) return;
  // The original failure is the one to report; the next run removes the file.
  orNull(() => context.fs.unlink(entry.destinationDir, temporary));
}

/**
 * Creates an entry that takes one call (a link, a FIFO) under its name, or under a temporary one when the name is taken.
 * @param make returns false when the name is taken
 */
export function placeName(context: Context, entry: Entry, action: string, make: (name: RawPath) => boolean): RawPath {
  const { newName, path } = entry;
  context.heartbeat.guard();
  if (attempt(path, 'destination', action, () => make(newName))) return newName;
  checkReplaceable(context, entry, null);
  context.heartbeat.guard();
  return underTemporaryName(context, false, (name) => attempt(path, 'destination', action, () => make(name)));
}

/** Gives the entry of `placeName` its final name, after its metadata is set. */
export function publishName(context: Context, entry: Entry, name: RawPath): void {
  const { destinationDir, newName, path } = entry;
  if (name === newName) return;
  context.heartbeat.guard();
  try {
    attempt(path, 'destination', 'rename', () => context.fs.rename(destinationDir, name, destinationDir, newName));
  } catch (error) {
    abort(context, entry, name);
    throw error;
  }
}

/** Throws when an existing entry must not be replaced: a directory, the source itself, or with --if-exists error anything. */
export function checkReplaceable(
  context: Context,
  entry: Entry,
  source: Stat | null,
  there: Stat | null = existing(context, entry),
): void {
  if (there === null) return;
  if (there.type === 'd') {
    if (wouldBeGone(context, there, 'f')) return;
    throw directoryInTheWay(entry.path);
  }
  if (context.config.forbidden.includes(there.identity)) {
    throw entryError(entry.path, 'destination', 'replace', 'EPCOPY_OVERLAP', 'a file of the source is mounted there');
  }
  if (source !== null && there.identity === source.identity) {
    throw sameFile(entry.path);
  }
  if (context.config.ifExists === 'error') {
    throw entryError(entry.path, 'destination', 'create', 'EEXIST', 'exists already');
  }
}

/** Whether a real run would have removed the existing entry before creating one of this type. */
export function wouldBeGone({ config }: Context, there: Stat, type: TypeLetter): boolean {
  return config.dryRun && config.mirror && (there.type === 'd') !== (type === 'd');
}

/** For a dry run: whether the entry would replace something. */
export function wouldReplace(context: Context, entry: Entry): { replaces?: true } {
  const there = context.config.dryRun && context.config.entries ? existing(context, entry) : null;
  return there === null || (there.type === 'd' && entry.type === 'd') ? {} : { replaces: true };
}

/** The existing entry. None in a directory that a dry run did not make. */
export function existing({ fs }: Context, { destinationDir, newName, path }: Entry): Stat | null {
  if (destinationDir === MISSING) return null;
  return attempt(path, 'destination', 'stat', () => fs.statAt(destinationDir, newName));
}

// With --no-atomic the file is written under its final name. An existing regular file is truncated if this is its only name;
// otherwise its other names, of this run or elsewhere, would change too.
function beginInPlace(context: Context, entry: Entry, source: Stat): StagedFile {
  const { fs } = context;
  const { destinationDir, newName, path } = entry;
  const mode = source.mode & 0o700;
  const there = attempt(path, 'destination', 'stat', () => fs.statAt(destinationDir, newName));
  if (there !== null) {
    checkReplaceable(context, entry, source, there);
    const handle = there.type === 'f' && there.nlink === 1 ? emptied(context, entry, source, mode) : null;
    if (handle !== null) return { handle, temporary: newName, guarded: true, reused: true };
    attempt(path, 'destination', 'unlink', () => fs.unlink(destinationDir, newName));
  }
  const handle = attempt(path, 'destination', 'create', () => fs.createNew(destinationDir, newName, mode));
  return { handle, temporary: newName, guarded: true, reused: false };
}

// Opens the existing file and truncates it; null when it has other names.
function emptied(context: Context, entry: Entry, source: Stat, mode: number): Handle | null {
  const { fs } = context;
  const { destinationDir, newName, path } = entry;
  const handle = attempt(path, 'destination', 'open', () => fs.openWrite(destinationDir, newName));
  try {
    const { type, nlink, identity } = attempt(path, 'destination', 'stat', () => fs.stat(handle));
    if (identity === source.identity) throw sameFile(path);
    // The name is checked after the link count: else the file could lose this name in between, and have another one.
    if (type !== 'f' || nlink !== 1 || fs.keepsName(handle, newName) !== true) {
      fs.close(handle);
      return null;
    }
    attempt(path, 'destination', 'chmod', () => fs.setMode(handle, mode));
    attempt(path, 'destination', 'truncate', () => fs.truncate(handle, 0));
    return handle;
  } catch (error) {
    fs.close(handle);
    throw error;
  }
}

function sameFile(path: RawPath): Error {
  return entryError(path, 'destination', 'replace', 'EPCOPY_SAME', 'source and destination are the same file');
}
