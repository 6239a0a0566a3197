import { attempt } from '../fs/entry-error.ts';
import { type Handle, NOT_OPEN, type Stat } from '../fs/file-system.ts';
import { hasSameAttributes } from './attributes.ts';
import { type Context, type Entry, syncIfAsked } from './context.ts';
import { copyMetadata } from './metadata.ts';

/**
 * Updates the metadata of an unchanged entry (-u) as far as the options ask for, if it differs.
 * @param isLate set its times too
 * @returns false when it has to be copied instead, because it has other names, which must not change
 */
export function bringUpToDate(context: Context, entry: Entry, stat: Stat, there: Stat, isLate: boolean): boolean {
  const { fs, config } = context;
  const { path, sourceDir, destinationDir, name, newName } = entry;
  if (!config.archive && !isLate) return true;
  const isFile = stat.type === 'f';
  const destination = attempt(path, 'destination', 'open', () =>
    config.fsync && isFile ? fs.openRead(destinationDir, newName) : fs.holdEntry(destinationDir, newName),
  );
  let source = NOT_OPEN;
  try {
    const found = attempt(path, 'destination', 'stat', () => fs.stat(destination));
    if (found.identity !== there.identity) return false;
    if (config.archive) {
      source = attempt(path, 'source', 'open', () =>
        config.dereference && isFile ? fs.openTarget(sourceDir, name, 'f') : fs.holdEntry(sourceDir, name),
      );
    }
    if (!isLate && hasSameRights(context, { source, stat, destination, there: found })) return true;
    // The name is checked after the link count: an entry with one link that still has this name has no other.
    if (found.nlink > 1 || fs.keepsName(destination, newName) === false) return false;
    if (config.dryRun) return true;
    context.heartbeat.guard();
    copyMetadata(context, path, { source, stat, destination, guarded: false, hasAttributes: config.archive });
    if (isFile) syncIfAsked(context, path, destination);
    return true;
  } finally {
    fs.close(destination);
    if (source !== NOT_OPEN) fs.close(source);
  }
}

/** An entry at the destination and its source, both held. */
export interface Pair {
  source: Handle;
  stat: Stat;
  destination: Handle;
  there: Stat;
}

/** Whether owner, mode, ACLs and attributes equal the source's, as far as we may change them. */
export function hasSameRights(context: Context, { source, stat, destination, there }: Pair): boolean {
  const isSuperuser = process.geteuid?.() === 0;
  if (isSuperuser && (stat.uid !== there.uid || stat.gid !== there.gid)) return false;
  if (stat.gid !== there.gid && process.getgroups?.().includes(stat.gid)) return false;
  if (stat.type !== 'l' && stat.mode !== there.mode) return false;
  return hasSameAttributes(context, source, destination);
}
