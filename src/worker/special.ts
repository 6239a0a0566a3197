import { attempt, entryError } from '../fs/entry-error.ts';
import { abort, placeName, publishName } from './atomic-write.ts';
import { type Context, type Entry, lose, tell } from './context.ts';
import { describeMadeEntry } from './made-entry.ts';
import { existing } from './policy.ts';

/** Makes a FIFO, socket or device like the source's. None is ever opened. */
export function copySpecial(context: Context, entry: Entry, isPrimaryLink: boolean): void {
  const { fs, config, report } = context;
  const { path, sourceDir, destinationDir, name, type } = entry;
  const stat = attempt(path, 'source', 'stat', () => fs.statAt(sourceDir, name));
  if (stat === null) throw entryError(path, 'source', 'stat', 'ENOENT', 'no such file or directory');
  if (stat.type !== type) throw entryError(path, 'source', 'stat', 'EPCOPY_CHANGED', 'is now of another type');
  if (stat.nlink > 1 && !isPrimaryLink) {
    report.hardLinked.push({ path, type: stat.type, size: 0, identity: stat.identity, nlink: stat.nlink });
    return;
  }
  const there = config.noClobber || config.update || config.dryRun ? existing(context, entry) : null;
  if (there?.type === 'd') throw entryError(path, 'destination', 'replace', 'EISDIR', 'a directory is in the way');
  const same = there?.type === type && there.rdevMajor === stat.rdevMajor && there.rdevMinor === stat.rdevMinor;
  if (there !== null && (config.noClobber || (config.update && same))) {
    report.unchanged++;
    if (isPrimaryLink) report.primaryIdentity = there.identity;
    tell(context, { path, type, action: 'unchanged', bytes: 0 });
    return;
  }
  if (!config.dryRun && !make(context, entry, isPrimaryLink)) return;
  report.special++;
  tell(context, { path, type, action: 'copied', bytes: 0 });

  function make(context: Context, entry: Entry, isPrimaryLink: boolean): boolean {
    if (stat === null) return false;
    let made: string;
    try {
      made = placeName(context, entry, 'mknod', (as) => fs.makeSpecial(destinationDir, as, stat));
    } catch (error) {
      // Devices need privilege, and the node driver has no mknod: counted, not failed.
      if (!isNotAllowed(error)) throw error;
      lose(context, type === 'p' ? 'fifo' : type === 's' ? 'socket' : 'device');
      return false;
    }
    try {
      const identity = describeMadeEntry(context, entry, made, stat);
      if (isPrimaryLink) report.primaryIdentity = identity;
    } catch (error) {
      abort(context, entry, made);
      throw error;
    }
    publishName(context, entry, made);
    return true;
  }
}

function isNotAllowed(error: unknown): boolean {
  const code = error instanceof Error ? Reflect.get(error, 'code') : '';
  return code === 'EPERM' || code === 'ENOTSUP' || code === 'EACCES';
}
