import { attempt, entryError } from '../fs/entry-error.ts';
import type { Handle, Stat } from '../fs/file-system.ts';
import type { Context, Entry } from './context.ts';
import { copyMetadata } from './metadata.ts';

/** Attributes are copied with `archive` only. */
const NOT_HELD: Handle = -1;

/**
 * Gives a link, FIFO, socket or device that was just made as `name` the metadata of its source. It was made without a
 * handle, and whoever owns the directory may have put another entry in its place since: a hard link to a file elsewhere is
 * not to get an owner or a mode from here. So it is held first, and then looked at.
 * @returns its identity
 */
export function describeMadeEntry(context: Context, entry: Entry, name: string, stat: Stat): string {
  const { fs, config } = context;
  const { path, sourceDir, destinationDir } = entry;
  const destination = attempt(path, 'destination', 'open', () => fs.holdEntry(destinationDir, name));
  let source = NOT_HELD;
  try {
    const made = attempt(path, 'destination', 'stat', () => fs.stat(destination));
    // The name after the count: an entry that has one name, and still this one, has none elsewhere.
    if (!isLike(made, stat) || made.nlink > 1 || fs.keepsName(destination, name) === false) {
      throw entryError(path, 'destination', 'set metadata', 'EPCOPY_CHANGED', 'was replaced as soon as it was made');
    }
    if (config.archive) source = attempt(path, 'source', 'open', () => fs.holdEntry(sourceDir, entry.name));
    copyMetadata(context, path, { source, stat, destination, guarded: true, hasAttributes: stat.type !== 'l' });
    return made.identity;
  } finally {
    fs.close(destination);
    if (source !== NOT_HELD) fs.close(source);
  }
}

/** Of one type, and one device if it is one. */
export function isLike(made: Stat, stat: Stat): boolean {
  return made.type === stat.type && made.rdevMajor === stat.rdevMajor && made.rdevMinor === stat.rdevMinor;
}
