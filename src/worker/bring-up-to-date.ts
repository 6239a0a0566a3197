import { attempt } from '../fs/entry-error.ts';
import type { Handle, Stat } from '../fs/file-system.ts';
import { hasSameAttributes } from './attributes.ts';
import type { Context, Entry } from './context.ts';
import { copyMetadata } from './metadata.ts';

const NOT_HELD: Handle = -1;

/**
 * Gives what -u leaves as it is the metadata of its source that the options ask for, and touches nothing when it has it.
 * @param isLate its time is to be set too
 * @returns false when it is to be copied instead: it has other names, and what is under those is not ours to change
 */
export function bringUpToDate(context: Context, entry: Entry, stat: Stat, there: Stat, isLate: boolean): boolean {
  const { fs, config } = context;
  const { path, sourceDir, destinationDir, name, newName } = entry;
  if (!config.archive && !isLate) return true;
  const isFile = stat.type === 'f';
  const destination = attempt(path, 'destination', 'open', () =>
    config.fsync && isFile ? fs.openRead(destinationDir, newName) : fs.holdEntry(destinationDir, newName),
  );
  let source = NOT_HELD;
  try {
    const found = attempt(path, 'destination', 'stat', () => fs.stat(destination));
    if (found.identity !== there.identity) return false;
    if (config.archive) {
      source = attempt(path, 'source', 'open', () =>
        config.dereference && isFile ? fs.openTarget(sourceDir, name, 'f') : fs.holdEntry(sourceDir, name),
      );
    }
    if (!isLate && hasSameRights(context, { source, stat, destination, there: found })) return true;
    // The name after the count: an entry that has one name, and still this one, has none elsewhere.
    if (found.nlink > 1 || fs.keepsName(destination, newName) === false) return false;
    if (config.dryRun) return true;
    context.heartbeat.guard();
    copyMetadata(context, path, { source, stat, destination, guarded: false, hasAttributes: config.archive });
    if (config.fsync && isFile) attempt(path, 'destination', 'fsync', () => fs.sync(destination));
    return true;
  } finally {
    fs.close(destination);
    if (source !== NOT_HELD) fs.close(source);
  }
}

/** An entry at the destination and its source, both held. */
export interface Pair {
  source: Handle;
  stat: Stat;
  destination: Handle;
  there: Stat;
}

/** Whether owner, mode, ACLs and attributes are the source's, as far as it is ours to change them. */
export function hasSameRights(context: Context, { source, stat, destination, there }: Pair): boolean {
  const isSuperuser = process.geteuid?.() === 0;
  if (isSuperuser && (stat.uid !== there.uid || stat.gid !== there.gid)) return false;
  if (stat.gid !== there.gid && process.getgroups?.().includes(stat.gid)) return false;
  if (stat.type !== 'l' && stat.mode !== there.mode) return false;
  return hasSameAttributes(context, source, destination);
}
