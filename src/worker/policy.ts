import { MISSING } from '../fs/dir-handle-cache.ts';
import { attempt } from '../fs/entry-error.ts';
import type { Handle, Stat } from '../fs/file-system.ts';
import { checkReplaceable } from './atomic-write.ts';
import { type Context, type Entry, notePrimary, tell } from './context.ts';
import { isCutToEvenSecond, sameTime } from './times.ts';
import { hashContent } from './verify.ts';

/** Whether -n or -u leave the destination as it is; then the report says so. A directory in the way throws. */
export function isUpToDate(context: Context, entry: Entry, source: Handle, stat: Stat): boolean {
  const { config, report } = context;
  if (config.dryRun && !config.noClobber && !config.update) checkReplaceable(context, entry, stat);
  if (!config.noClobber && !config.update) return false;
  const there = existing(context, entry);
  if (there === null) return false;
  if (there.type === 'd') checkReplaceable(context, entry, stat);
  if (!config.noClobber && !matches(context, entry, source, stat, there)) return false;
  report.unchanged++;
  const hash = config.hash && there.type === 'f' ? { sha256: hashExisting(context, entry) } : {};
  notePrimary(context, entry, there.identity, hash.sha256);
  tell(context, { path: entry.path, type: 'f', action: 'unchanged', bytes: stat.size, ...hash });
  return true;
}

/** What has the entry's place now. Nothing, in a directory that a dry run did not make. */
export function existing(context: Context, entry: Entry): Stat | null {
  if (entry.destinationDir === MISSING) return null;
  return attempt(entry.path, 'destination', 'stat', () => context.fs.statAt(entry.destinationDir, entry.newName));
}

function matches(context: Context, entry: Entry, source: Handle, stat: Stat, there: Stat): boolean {
  if (there.type !== 'f' || there.size !== stat.size) return false;
  if (!context.config.checksum) return isSameTime(context, entry, stat, there);
  return hashExisting(context, entry) === hashContent(context, entry.path, 'source', source);
}

function isSameTime({ fs }: Context, { destinationDir }: Entry, stat: Stat, there: Stat): boolean {
  return sameTime(stat, there) || (isCutToEvenSecond(stat, there) && fs.space(destinationDir).evenSeconds);
}

function hashExisting(context: Context, entry: Entry): string {
  const { fs } = context;
  const there = attempt(entry.path, 'destination', 'open', () => fs.openRead(entry.destinationDir, entry.newName));
  try {
    return hashContent(context, entry.path, 'destination', there);
  } finally {
    fs.close(there);
  }
}
