import { attempt, entryError } from '../fs/entry-error.ts';
import { abort, placeName, publishName, wouldReplace } from './atomic-write.ts';
import { type Context, type Entry, lose, tell } from './context.ts';
import { DRY_RUN, notePrimary } from './hard-links.ts';
import { defersHardLink } from './links.ts';
import { describeMadeEntry, isLike } from './made-entry.ts';
import { whatStays } from './policy.ts';

/** Makes a FIFO, socket or device like the source's. None is ever opened. */
export function copySpecial(context: Context, entry: Entry): void {
  const { fs, config, report } = context;
  const { path, sourceDir, destinationDir, name, type } = entry;
  const stat = attempt(path, 'source', 'stat', () => fs.statAt(sourceDir, name));
  if (stat === null) throw entryError(path, 'source', 'stat', 'ENOENT', 'no such file or directory');
  if (stat.type !== type) throw entryError(path, 'source', 'stat', 'EPCOPY_CHANGED', 'is now of another type');
  if (defersHardLink(context, entry, stat)) return;
  const there = whatStays(context, entry, stat, (there) => isLike(there, stat));
  if (there !== null) {
    report.unchanged++;
    notePrimary(context, entry, there.identity);
    tell(context, { path, type, action: 'unchanged', bytes: 0 });
    return;
  }
  if (config.dryRun) notePrimary(context, entry, DRY_RUN);
  else if (!make(context, entry)) return;
  report.special++;
  tell(context, { path, type, action: 'copied', bytes: 0, ...wouldReplace(context, entry) });

  function make(context: Context, entry: Entry): boolean {
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
    let identity: string;
    try {
      identity = describeMadeEntry(context, entry, made, stat);
    } catch (error) {
      abort(context, entry, made);
      throw error;
    }
    publishName(context, entry, made);
    notePrimary(context, entry, identity);
    return true;
  }
}

function isNotAllowed(error: unknown): boolean {
  const code = error instanceof Error ? Reflect.get(error, 'code') : '';
  return code === 'EPERM' || code === 'ENOTSUP' || code === 'EACCES';
}
