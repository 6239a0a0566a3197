import type { RawPath } from '../api/names.ts';
import { MISSING } from '../fs/dir-handle-cache.ts';
import { attempt, entryError, isDirectory, toCopyError } from '../fs/entry-error.ts';
import type { Handle, Stat, TypeLetter } from '../fs/file-system.ts';
import { codeOf, orNull } from '../fs/system-error.ts';
import type { Context, Entry } from './context.ts';
import { beginNamed, canLock, GUARDED, underTemporaryName } from './temporary-file.ts';

/** A file that is being written and has not got its name yet. */
export interface StagedFile {
  handle: Handle;
  /** null: it has no name at all and vanishes with its handle. The final name itself when writing in place. */
  temporary: RawPath | null;
  /** Only the owner may read it so far: the mode is still to be set. */
  guarded: boolean;
  /** It was there before the run, and may have attributes of its own. */
  reused: boolean;
}

/** A file without a name cannot be given one: it is to be copied again, under a temporary name. */
export class UnnamedRefused extends Error {
  override name = 'UnnamedRefused';
}

// What a system call filter, a security module, an overlay or a missing /proc answers. Where the reason is another one, the
// temporary name meets it too.
export const LINK_REFUSALS = new Set(['EPERM', 'EACCES', 'ENOSYS', 'EXDEV', 'EOPNOTSUPP', 'ENOENT', 'EINVAL']);

/** Whether a new file of some mode is nameless or in a place that only we can enter, and so may carry that mode at once. */
export interface Guard {
  /** Even so its mode is not to be set before its owner and attributes are. */
  keepGuarded: boolean;
  isPrivate: boolean;
}

/**
 * Begins a file at the entry's destination. Nobody but the owner can read it by a name before `publish`; a staged that
 * has no name, or one in a directory that nobody else can enter, may carry its mode at once.
 */
export function begin(context: Context, entry: Entry, source: Stat, { keepGuarded, isPrivate }: Guard): StagedFile {
  const { fs, config, learned } = context;
  if (!config.atomic) return beginInPlace(context, entry, source);
  const mode = source.mode & 0o777;
  if (learned.createsUnnamed) {
    const handle = attempt(entry.path, 'destination', 'create', () =>
      fs.createUnnamed(entry.destinationDir, keepGuarded ? 0o600 : mode),
    );
    if (handle !== null) return { handle, temporary: null, guarded: keepGuarded, reused: false };
    learned.createsUnnamed = false;
  }
  // Some servers let nothing be written into a file that says so, even by who has it open.
  const isOpen = isPrivate && !keepGuarded && (mode & 0o600) === 0o600;
  const { handle, temporary, madeAs } = beginNamed(context, entry, isOpen ? mode : GUARDED);
  return { handle, temporary, guarded: keepGuarded || madeAs !== mode, reused: false };
}

/**
 * Gives the finished staged its name, in one step, whatever file or link had it before. A directory stays. Throws
 * UnnamedRefused, and then no file is begun without a name any more.
 */
export function publish(
  context: Context,
  entry: Entry,
  staged: Pick<StagedFile, 'handle' | 'temporary'>,
  source: Stat | null,
): void {
  const { fs, config, heartbeat } = context;
  const { destinationDir, newName, path } = entry;
  if (!config.atomic && staged.temporary === newName) return;
  heartbeat.guard();
  if (staged.temporary === null) {
    if (linkUnnamed(context, entry, staged, newName)) return;
    checkReplaceable(context, entry, source);
    const isLocked = canLock(context) && fs.lock(staged.handle, 'exclusive') === true;
    staged.temporary = underTemporaryName(context, isLocked, (name) => linkUnnamed(context, entry, staged, name));
  } else {
    if (renameNew(context, entry, staged.temporary)) {
      staged.temporary = newName;
      return;
    }
    checkReplaceable(context, entry, source);
  }
  const from = staged.temporary;
  attempt(path, 'destination', 'rename', () => fs.rename(destinationDir, from, destinationDir, newName));
  staged.temporary = newName;
}

// Mostly nothing has the name: then it need not be looked at.
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

/** Removes what was not published. A handle of it is not closed. */
export function abort(context: Context, entry: Entry, temporary: RawPath | null): void {
  if (temporary === null || temporary === entry.newName) return;
  // The failure that led here is the one to report; the next run removes the file.
  orNull(() => context.fs.unlink(entry.destinationDir, temporary));
}

/**
 * Puts a name in place that is made in one call (a link, a FIFO), replacing a file or link that has it.
 * @param make returns false when the name is taken
 */
export function placeName(context: Context, entry: Entry, action: string, make: (name: RawPath) => boolean): RawPath {
  const { newName, path } = entry;
  if (attempt(path, 'destination', action, () => make(newName))) return newName;
  checkReplaceable(context, entry, null);
  return underTemporaryName(context, false, (name) => attempt(path, 'destination', action, () => make(name)));
}

/** The second half of `placeName`, when everything about the new entry is set. */
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

/** Throws when the entry's place is taken by what may not be replaced: a directory, the source itself, by --if-exists anything. */
export function checkReplaceable(
  context: Context,
  entry: Entry,
  source: Stat | null,
  there: Stat | null = existing(context, entry),
): void {
  if (there === null) return;
  if (there.type === 'd') {
    if (wouldBeGone(context, there, 'f')) return;
    throw isDirectory(entry.path);
  }
  if (context.config.forbidden.includes(there.identity)) {
    throw entryError(entry.path, 'destination', 'replace', 'EPCOPY_OVERLAP', 'a file of the source is mounted there');
  }
  if (source !== null && there.identity === source.identity) {
    throw isSource(entry.path);
  }
  if (context.config.ifExists === 'error') {
    throw entryError(entry.path, 'destination', 'replace', 'EEXIST', 'exists already');
  }
}

/** Whether a real run would have removed what is there before it came to an entry of this type. */
export function wouldBeGone({ config }: Context, there: Stat, type: TypeLetter): boolean {
  return config.dryRun && config.mirror && (there.type === 'd') !== (type === 'd');
}

/** What a dry run tells of an entry that would be copied. */
export function wouldReplace(context: Context, entry: Entry): { replaces?: true } {
  const there = context.config.dryRun && context.config.entries ? existing(context, entry) : null;
  return there === null || (there.type === 'd' && entry.type === 'd') ? {} : { replaces: true };
}

/** What has the entry's place now. Nothing, in a directory that a dry run did not make. */
export function existing({ fs }: Context, { destinationDir, newName, path }: Entry): Stat | null {
  if (destinationDir === MISSING) return null;
  return attempt(path, 'destination', 'stat', () => fs.statAt(destinationDir, newName));
}

// Without atomicity the file is written where it will stay. What is there is emptied, if it is a plain file with this one
// name: written in place, one with other names would change under those too, be they entries of this very run or files
// elsewhere that somebody has linked here.
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

// Opens what is there and empties it, or returns null when what was opened has another name too.
function emptied(context: Context, entry: Entry, source: Stat, mode: number): Handle | null {
  const { fs } = context;
  const { destinationDir, newName, path } = entry;
  const handle = attempt(path, 'destination', 'open', () => fs.openWrite(destinationDir, newName));
  try {
    const { type, nlink, identity } = attempt(path, 'destination', 'stat', () => fs.stat(handle));
    if (identity === source.identity) throw isSource(path);
    // The name after the count: else a file could lose this name in between, and have its one name elsewhere.
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

function isSource(path: RawPath): Error {
  return entryError(path, 'destination', 'replace', 'EPCOPY_SAME', 'source and destination are the same file');
}
