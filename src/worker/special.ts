import { attempt, entryError } from '../fs/entry-error.ts';
import { NOT_OPEN, type Stat } from '../fs/file-system.ts';
import { orNull } from '../fs/system-error.ts';
import { kindOf } from '../protocol/kind.ts';
import { sameTime } from '../protocol/same.ts';
import { abort, placeName, publishName, wouldReplace } from './atomic-write.ts';
import { type Context, type Entry, lose, reportEntry } from './context.ts';
import { DRY_RUN, notePrimary } from './hard-links.ts';
import { defersHardLink } from './links.ts';
import { copyMetadata } from './metadata.ts';
import { whatStays } from './policy.ts';

// Entries without content: created by one call under the final or a temporary name, and never opened.

/** Copies a symbolic link itself, with its times. Hard-linked ones are deferred like files. */
export function copySymlink(context: Context, entry: Entry): void {
  const { fs } = context;
  const { path, sourceDir, destinationDir, name, newName } = entry;
  const otherwise = 'is no longer a symbolic link';
  const stat = statSource(context, entry, otherwise);
  if (defersHardLink(context, entry, stat)) return;
  const target = attempt(path, 'source', 'readlink', () => orNull(() => fs.readlink(sourceDir, name), 'EINVAL'));
  if (target === null) throw entryError(path, 'source', 'readlink', 'EPCOPY_CHANGED', otherwise);
  // With another time it may come from an interrupted run that had not set it.
  const isSame = (there: Stat): boolean =>
    there.type === 'l' && sameTime(stat, there) && fs.readlink(destinationDir, newName) === target;
  const make = () => placeName(context, entry, 'symlink', (as) => fs.symlink(target, destinationDir, as));
  copyMade(context, entry, stat, { isSame, make });
}

/** Makes a FIFO, socket or device like the source's. */
export function copySpecial(context: Context, entry: Entry): void {
  const { fs } = context;
  const stat = statSource(context, entry, 'is now of another type');
  if (defersHardLink(context, entry, stat)) return;
  const isSame = (there: Stat): boolean => isLike(there, stat);
  const make = () => placeName(context, entry, 'mknod', (as) => fs.makeSpecial(entry.destinationDir, as, stat));
  // Devices need privilege, and the node driver has no mknod: counted, not failed.
  copyMade(context, entry, stat, { isSame, make: () => orNull(make, 'EPERM', 'ENOTSUP', 'EACCES') });
}

function statSource({ fs }: Context, { path, sourceDir, name, type }: Entry, otherwise: string): Stat {
  const stat = attempt(path, 'source', 'stat', () => fs.statAt(sourceDir, name));
  if (stat === null) throw entryError(path, 'source', 'stat', 'ENOENT', 'no such file or directory');
  if (stat.type !== type) throw entryError(path, 'source', 'stat', 'EPCOPY_CHANGED', otherwise);
  return stat;
}

interface Making {
  /** Whether the existing entry equals the source. */
  isSame: (there: Stat) => boolean;
  /** @returns its name so far; null when it cannot be made here */
  make: () => string | null;
}

function copyMade(context: Context, entry: Entry, stat: Stat, { isSame, make }: Making): void {
  const { config, report } = context;
  const { path, type } = entry;
  const there = whatStays(context, entry, stat, isSame);
  if (there !== null) {
    report.unchanged++;
    notePrimary(context, entry, there.identity);
    reportEntry(context, { path, type, action: 'unchanged', bytes: 0 });
    return;
  }
  if (config.dryRun) notePrimary(context, entry, DRY_RUN);
  else {
    const made = make();
    if (made === null) return lose(context, kindOf(type));
    let identity: string;
    try {
      identity = describe(context, entry, made, stat);
    } catch (error) {
      abort(context, entry, made);
      throw error;
    }
    publishName(context, entry, made);
    notePrimary(context, entry, identity);
  }
  report[type === 'l' ? 'symlinks' : 'special']++;
  reportEntry(context, { path, type, action: 'copied', bytes: 0, ...wouldReplace(context, entry) });
}

// Sets the metadata of the new entry and returns its identity. It was made without a handle, and the owner of the directory may have
// replaced it since, maybe by a hard link to a file elsewhere, whose owner and mode must not change. So it is held first, and then
// checked.
function describe(context: Context, entry: Entry, name: string, stat: Stat): string {
  const { fs, config } = context;
  const { path, sourceDir, destinationDir } = entry;
  const destination = attempt(path, 'destination', 'open', () => fs.holdEntry(destinationDir, name));
  let source = NOT_OPEN;
  try {
    const made = attempt(path, 'destination', 'stat', () => fs.stat(destination));
    // The name is checked after the link count: an entry with one link that still has this name has no other.
    if (!isLike(made, stat) || made.nlink > 1 || fs.keepsName(destination, name) === false) {
      throw entryError(path, 'destination', 'set metadata', 'EPCOPY_CHANGED', 'was replaced as soon as it was made');
    }
    // Only attributes are read from it.
    if (config.archive) source = attempt(path, 'source', 'open', () => fs.holdEntry(sourceDir, entry.name));
    copyMetadata(context, path, { source, stat, destination, guarded: true, hasAttributes: stat.type !== 'l' });
    return made.identity;
  } finally {
    fs.close(destination);
    if (source !== NOT_OPEN) fs.close(source);
  }
}

/** Of the same type, and for devices the same device. */
function isLike(made: Stat, stat: Stat): boolean {
  return made.type === stat.type && made.rdevMajor === stat.rdevMajor && made.rdevMinor === stat.rdevMinor;
}
