import type { RawPath } from '../api/names.ts';
import { statAtSource } from '../fs/directories.ts';
import { attempt, entryError, toCopyError } from '../fs/entry-error.ts';
import { type Handle, NOT_OPEN, type Stat } from '../fs/file-system.ts';
import { orNull } from '../fs/system-error.ts';
import { abort, begin, beginAhead, publish, type StagedFile, UnnamedRefused, wouldReplace } from './atomic-write.ts';
import { copyContent } from './content.ts';
import { type Context, type Entry, reportEntry } from './context.ts';
import { DRY_RUN, notePrimary } from './hard-links.ts';
import type { Into } from './into.ts';
import { defersHardLink } from './links.ts';
import { copyMetadata } from './metadata.ts';
import { beginPartial, copyRest, isKept, stays } from './partial.ts';
import { isUpToDate } from './policy.ts';
import { digestOf, hashContent, verify } from './verify.ts';

/**
 * Copies one regular file: content, mode, times and what the options ask for, then the name. Hard-linked and big files, which
 * involve other workers, are deferred in the report, unless it is their turn.
 */
export function copyFile(context: Context, entry: Entry, into: Into): void {
  if (context.smallFiles.copy(context, entry, into)) return;
  try {
    copyOnce(context, entry, into);
  } catch (error) {
    if (!(error instanceof UnnamedRefused)) throw error;
    copyOnce(context, entry, into);
  }
}

function copyOnce(context: Context, entry: Entry, into: Into): void {
  const { config, report, ahead } = context;
  const { path } = entry;
  const known = isDoneByName(context, entry);
  if (known === true) return;
  const source = openSource(context, entry);
  try {
    const stat = statOpen(context, path, 'source', source);
    if (stat.type !== 'f') throw entryError(path, 'source', 'open', 'EPCOPY_CHANGED', 'is no longer a regular file');
    // Only sparse files are so large; positions beyond are not exact in JavaScript's numbers.
    if (!Number.isSafeInteger(stat.size)) throw entryError(path, 'source', 'open', 'EFBIG', 'is larger than 8 PiB');
    if (defersHardLink(context, entry, stat)) return;
    context.heartbeat.beginFile(path, stat.size);
    if (known === null && isUpToDate(context, entry, source, stat)) return;
    if (config.dryRun) {
      report.files++;
      report.bytes += stat.size;
      notePrimary(context, entry, DRY_RUN);
      reportEntry(context, { path, type: 'f', action: 'copied', bytes: stat.size, ...wouldReplace(context, entry) });
      return;
    }
    if (stat.size >= config.splitAbove && entry.deferredAs === null) {
      report.big.push({ index: report.next, size: stat.size, identity: stat.identity, nlink: stat.nlink });
      return;
    }
    write(context, entry, source, stat, into);
  } finally {
    ahead.close(source);
  }
}

// Deferred files, and files that are unchanged by size and time, need not be opened. null: that cannot be decided by name.
function isDoneByName(context: Context, entry: Entry): boolean | null {
  const decides = !readsAll(context);
  if (!decides && (!context.hardLinks.areLikely || entry.deferredAs !== null)) return null;
  const { fs, config } = context;
  const stat = attempt(entry.path, 'source', 'stat', () =>
    statAtSource(fs, config.dereference, entry.sourceDir, entry.name),
  );
  if (stat?.type !== 'f') return null;
  if (defersHardLink(context, entry, stat)) return true;
  if (!decides) return null;
  context.heartbeat.beginFile(entry.path, stat.size);
  // Its content is not compared.
  return isUpToDate(context, entry, NOT_OPEN, stat);
}

// Otherwise a name may be enough to decide that the file stays.
function readsAll({ config }: Context): boolean {
  const replaces = config.ifExists === 'replace' && !config.update;
  return replaces || config.checksum || config.hash || config.dereference;
}

/** Whether each file is opened, whatever it is, and links are not followed. */
export function opensEachFile(context: Context): boolean {
  return readsAll(context) && !context.hardLinks.areLikely && !context.config.dereference;
}

/** The file is the next one: if it is open by now, its content is asked for, and the temporary file that it will have. */
export function prepareFile(context: Context, name: RawPath, into: Into): void {
  const { fs, config, ahead, buffer } = context;
  const handle = ahead.opened(name);
  if (handle === null) return;
  const stat = orNull(() => fs.stat(handle));
  if (stat?.type !== 'f') return;
  ahead.fetch(handle, buffer.length);
  if (config.update || config.ifExists !== 'replace' || config.dryRun) return;
  if (stat.nlink > 1 || stat.size >= config.splitAbove || isKept(context, stat)) return;
  beginAhead(context, stat, {
    keepGuarded: into.inheritsAcl() || config.archive,
    isPrivate: into.isPrivate,
  });
}

/** Opens the entry's file for reading; follows links only with `dereference`. */
export function openSource({ fs, config, ahead }: Context, { sourceDir, name, path }: Entry): Handle {
  const opened = ahead.take(name);
  if (opened !== null) return opened;
  try {
    return config.dereference ? fs.openTarget(sourceDir, name, 'f') : fs.openRead(sourceDir, name);
  } catch (error) {
    throw toCopyError(error, path, 'source', 'open');
  }
}

function statOpen({ fs }: Context, path: RawPath, side: 'source' | 'destination', handle: Handle): Stat {
  try {
    return fs.stat(handle);
  } catch (error) {
    throw toCopyError(error, path, side, 'stat');
  }
}

function write(context: Context, entry: Entry, source: Handle, stat: Stat, { inheritsAcl, isPrivate }: Into): void {
  const { fs, config, report } = context;
  const { path } = entry;
  const hasAcl = inheritsAcl();
  const kept = isKept(context, stat) ? beginPartial(context, entry, stat) : null;
  const staged = kept ?? begin(context, entry, stat, { keepGuarded: hasAcl || config.archive, isPrivate });
  const isResumed = kept !== null && kept.done > 0;
  let open = true;
  try {
    const digest = digestOf(context);
    const observe = isResumed ? null : (digest?.update ?? null);
    const content = { path, source, destination: staged.handle, observe };
    const cloned = !isResumed && clone(context, entry, source, staged, stat);
    let bytes = stat.size;
    if (!cloned) {
      bytes = kept === null ? copyContent(context, content, stat) : copyRest(context, entry, content, kept, stat);
    }
    const { handle: destination, guarded, reused } = staged;
    copyMetadata(context, path, { source, stat, destination, guarded, hasAttributes: hasAcl || reused });
    const sha256 =
      digest !== null && (cloned || isResumed) ? hashContent(context, path, 'source', source) : digest?.hex();
    if (config.fsync || config.verify) attempt(path, 'destination', 'fsync', () => fs.sync(destination));
    if (config.verify && sha256 !== undefined) verify(context, path, destination, stat, sha256);
    const identity = entry.deferredAs === null ? '' : statOpen(context, path, 'destination', destination).identity;
    // Closing may report a late write error (NFS, quota): done before the file gets its name, if it has a temporary one.
    let unlock: (() => void) | null = null;
    if (staged.temporary !== null) {
      open = false;
      context.ahead.willRename(entry.destinationDir);
      unlock = attempt(path, 'destination', 'close', () => fs.closeLocked(destination));
    }
    try {
      publish(context, entry, staged, stat);
    } finally {
      unlock?.();
    }
    if (open) {
      open = false;
      attempt(path, 'destination', 'close', () => fs.close(destination));
    }
    notePrimary(context, entry, identity, sha256);
    report.files++;
    report.bytes += bytes;
    if (config.entries) {
      reportEntry(context, { path, type: 'f', action: 'copied', bytes, ...(sha256 === undefined ? {} : { sha256 }) });
    }
  } catch (error) {
    if (!stays(staged, error)) abort(context, entry, staged.temporary);
    if (open) fs.close(staged.handle);
    throw error;
  }
}

// Bytes. For smaller files cloning needs as many calls as copying.
export const CLONE_FROM = 64 * 1024;

/** Shares the source's blocks if wanted and possible. Throws when that is required and not possible. */
export function clone(context: Context, entry: Entry, source: Handle, staged: StagedFile, stat: Stat): boolean {
  const { fs, config, learned } = context;
  const always = config.reflink === 'always';
  if (config.reflink === 'never' || stat.size === 0) return false;
  if (!always && (!learned.clones || stat.size < CLONE_FROM || config.hash || config.verify)) return false;
  const refusal = fs.clone(source, staged.handle);
  if (refusal === null) {
    context.heartbeat.skipped(stat.size);
    return true;
  }
  if (always) throw entryError(entry.path, 'destination', 'reflink', refusal, 'cannot share blocks here');
  // These codes concern the file systems, not the file.
  if (['EOPNOTSUPP', 'EXDEV', 'ENOTSUP', 'ENOTTY'].includes(refusal)) learned.clones = false;
  return false;
}
