import { attempt, entryError } from '../fs/entry-error.ts';
import type { Stat } from '../fs/file-system.ts';
import { sameTime } from '../protocol/same.ts';
import { abort, placeName, publishName, wouldReplace } from './atomic-write.ts';
import { type Context, type Entry, tell } from './context.ts';
import { DRY_RUN, notePrimary } from './hard-links.ts';
import { defersHardLink } from './links.ts';
import { describeMadeEntry } from './made-entry.ts';
import { whatStays } from './policy.ts';

/** Copies a symbolic link as it stands, with its own times. Links that have other names are deferred like files. */
export function copySymlink(context: Context, entry: Entry): void {
  const { fs, config, report } = context;
  const { path, sourceDir, destinationDir, name } = entry;
  const stat = attempt(path, 'source', 'stat', () => fs.statAt(sourceDir, name));
  if (stat === null) throw entryError(path, 'source', 'stat', 'ENOENT', 'no such file or directory');
  if (stat.type !== 'l') throw entryError(path, 'source', 'stat', 'EPCOPY_CHANGED', 'is no longer a symbolic link');
  if (defersHardLink(context, entry, stat)) return;
  const target = attempt(path, 'source', 'readlink', () => fs.readlink(sourceDir, name));
  // With another time it may be one that an interrupted run had only just named.
  const isSame = (there: Stat): boolean =>
    there.type === 'l' && sameTime(stat, there) && fs.readlink(destinationDir, entry.newName) === target;
  const there = whatStays(context, entry, stat, isSame);
  if (there !== null) {
    report.unchanged++;
    notePrimary(context, entry, there.identity);
    tell(context, { path, type: 'l', action: 'unchanged', bytes: 0 });
    return;
  }
  if (!config.dryRun) {
    const made = placeName(context, entry, 'symlink', (as) => fs.symlink(target, destinationDir, as));
    let identity: string;
    try {
      identity = describeMadeEntry(context, entry, made, stat);
    } catch (error) {
      abort(context, entry, made);
      throw error;
    }
    publishName(context, entry, made);
    notePrimary(context, entry, identity);
  } else notePrimary(context, entry, DRY_RUN);
  report.symlinks++;
  tell(context, { path, type: 'l', action: 'copied', bytes: 0, ...wouldReplace(context, entry) });
}
