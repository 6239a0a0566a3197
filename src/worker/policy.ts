import { attempt } from '../fs/entry-error.ts';
import { type Handle, type Stat, withHandle } from '../fs/file-system.ts';
import { type EvenSeconds, isForSame, isLeft, isSameFile, isSameTime } from '../protocol/same.ts';
import { checkReplaceable, existing } from './atomic-write.ts';
import { bringUpToDate } from './bring-up-to-date.ts';
import { type Context, type Entry, reportEntry } from './context.ts';
import { notePrimary } from './hard-links.ts';
import { hashContent } from './verify.ts';

/** Whether the destination file is unchanged; then it is reported. */
export function isUpToDate(context: Context, entry: Entry, source: Handle, stat: Stat): boolean {
  const { config, report } = context;
  const there = whatStays(context, entry, stat, (there) => matches(context, entry, source, stat, there));
  if (there === null) return false;
  report.unchanged++;
  const hash = config.hash && there.type === 'f' ? { sha256: hashExisting(context, entry) } : {};
  notePrimary(context, entry, there.identity, hash.sha256);
  reportEntry(context, { path: entry.path, type: 'f', action: 'unchanged', bytes: stat.size, ...hash });
  return true;
}

/**
 * The existing entry, if it stays: by --if-exists, or because -u finds it the same and could update its metadata; else null. Throws
 * when it must not be replaced.
 */
export function whatStays(context: Context, entry: Entry, stat: Stat, isSame: (there: Stat) => boolean): Stat | null {
  const { config } = context;
  if (config.ifExists === 'replace' && !config.update && !config.dryRun) return null;
  const there = existing(context, entry);
  if (there === null) return null;
  const even = evenSeconds(context, entry);
  if (isForSame(config, there) && isSame(there)) {
    const isLate = config.checksum && !isSameTime(stat, there, even);
    if (bringUpToDate(context, entry, stat, there, isLate)) return there;
  }
  if (isLeft(config, stat, there, even)) return there;
  checkReplaceable(context, entry, stat.type === 'f' ? stat : null, there);
  return null;
}

function matches(context: Context, entry: Entry, source: Handle, stat: Stat, there: Stat): boolean {
  if (!context.config.checksum) return isSameFile(stat, there, evenSeconds(context, entry));
  if (there.type !== 'f' || there.size !== stat.size) return false;
  return hashExisting(context, entry) === hashContent(context, entry.path, 'source', source);
}

export function evenSeconds({ fs }: Context, { destinationDir }: Entry): EvenSeconds {
  return () => fs.space(destinationDir).evenSeconds;
}

function hashExisting(context: Context, entry: Entry): string {
  const { fs } = context;
  const there = attempt(entry.path, 'destination', 'open', () => fs.openRead(entry.destinationDir, entry.newName));
  return withHandle(fs, there, () => hashContent(context, entry.path, 'destination', there));
}
