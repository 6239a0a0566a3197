import { type RawPath, splitPath } from '../api/names.ts';
import { attempt, entryError } from '../fs/entry-error.ts';
import type { Handle, Stat } from '../fs/file-system.ts';
import type { PublishJob, RangeJob, SourceState, Split, SplitJob } from '../protocol/jobs.ts';
import { abort, publish } from './atomic-write.ts';
import { checkUnchanged, copyRange } from './content.ts';
import { type Context, destinationEntry, type Entry, entryIn, tell } from './context.ts';
import { clone, openSource } from './file.ts';
import { copyMetadata } from './metadata.ts';
import { beginUnlocked, GUARDED } from './temporary-file.ts';

// A big file is copied in three steps: one worker creates a temporary file of its size, several copy ranges, one sets the metadata
// and the name. Each step checks that the source is still the same file.

/** Creates the temporary file. Where blocks can be shared it completes the copy: the report then has no split. */
export function beginSplit(context: Context, job: SplitJob): void {
  const { fs, report } = context;
  withEntry(context, job.path, (entry) => {
    const source = openSource(context, entry);
    try {
      const stat = attempt(job.path, 'source', 'stat', () => fs.stat(source));
      checkSame(job.path, stat, job.deferredAs);
      context.heartbeat.beginFile(job.path, stat.size);
      // The parent locks it, since a worker may end before the run.
      const staged = {
        ...beginUnlocked(context, entry, GUARDED, { mark: context.config.leaderMark }),
        guarded: true,
        reused: false,
      };
      const { handle: destination } = staged;
      try {
        if (clone(context, entry, source, staged, stat)) {
          copyMetadata(context, job.path, { source, stat, destination, guarded: true, hasAttributes: true });
          if (context.config.fsync) attempt(job.path, 'destination', 'fsync', () => fs.sync(destination));
          publish(context, entry, staged, stat);
          done(context, job.path, stat);
        } else {
          attempt(job.path, 'destination', 'set size', () => fs.truncate(destination, stat.size));
          const { identity, uid, mode } = attempt(job.path, 'destination', 'stat', () => fs.stat(destination));
          const { identity: sourceIdentity, size } = stat;
          const made = { identity, uid, mode };
          report.split = { temporary: staged.temporary ?? '', made, sourceIdentity, source: stateOf(stat), size };
        }
      } catch (error) {
        abort(context, entry, staged.temporary);
        throw error;
      } finally {
        fs.close(destination);
      }
    } finally {
      fs.close(source);
    }
  });
}

function stateOf({ size, mtime, mtimeNs, changedMs, mode, uid, gid, nlink }: Stat): SourceState {
  return { size, mtime, mtimeNs, changedMs, mode, uid, gid, nlink };
}

/** Copies one range. */
export function copySplitRange(context: Context, job: RangeJob): void {
  const { fs } = context;
  withBoth(context, job, (_entry, source, destination, stat) => {
    context.heartbeat.guard();
    context.heartbeat.beginFile(job.path, job.end - job.start, job.part);
    copyRange(context, { path: job.path, source, destination, observe: null }, job, stat.blocks * 512 < stat.size);
    // The worker that wrote reports late write errors.
    if (context.config.fsync) attempt(job.path, 'destination', 'fsync', () => fs.sync(destination));
  });
}

/** Completes the split file: sets its metadata and its name. */
export function publishSplit(context: Context, job: PublishJob): void {
  const { fs } = context;
  if (isPublished(context, job)) return done(context, job.path, job.split);
  withBoth(context, job, (entry, source, destination, stat) => {
    checkUnchanged(context, job.path, source, job.split.source);
    copyMetadata(context, job.path, { source, stat, destination, guarded: true, hasAttributes: true });
    if (context.config.fsync) attempt(job.path, 'destination', 'fsync', () => fs.sync(destination));
    publish(context, entry, { handle: destination, temporary: job.split.temporary }, stat);
    done(context, job.path, stat);
  });
}

/** Removes the temporary file of a split that failed. */
export function discardSplit(context: Context, path: string, split: Split): void {
  // Without opening the source, which may be gone.
  abort(context, destinationEntry(context, path), split.temporary);
}

// By whoever did the job before, and died or was given up before its report.
function isPublished(context: Context, { path, split }: PublishJob): boolean {
  const { fs } = context;
  const { destinationDir, newName } = destinationEntry(context, path);
  return (
    attempt(path, 'destination', 'stat', () => fs.statAt(destinationDir, newName))?.identity === split.made.identity
  );
}

function done(context: Context, path: string, stat: Pick<Stat, 'size'>): void {
  context.report.files++;
  // Here and not per range: only completed files count as copied.
  context.report.bytes += stat.size;
  tell(context, { path, type: 'f', action: 'copied', bytes: stat.size });
}

function withEntry(context: Context, path: string, use: (entry: Entry) => void): void {
  const [dir, name] = splitPath(path);
  const destinationDir = context.destination.open(dir);
  use(entryIn(context, { path: dir, sourceDir: context.source.open(dir), destinationDir }, name, 'f'));
  if (context.config.fsync) attempt(path, 'destination', 'fsync', () => context.fs.sync(destinationDir));
}

function withBoth(
  context: Context,
  job: RangeJob | PublishJob,
  use: (entry: Entry, source: number, destination: number, stat: Stat) => void,
): void {
  const { fs } = context;
  const { path, split } = job;
  withEntry(context, path, (entry) => {
    const source = openSource(context, entry);
    try {
      const stat = attempt(path, 'source', 'stat', () => fs.stat(source));
      checkSame(path, stat, split.sourceIdentity);
      const destination = openTemporary(context, entry, job);
      try {
        use(entry, source, destination, stat);
      } finally {
        fs.close(destination);
      }
    } finally {
      fs.close(source);
    }
  });
}

// The owner of the directory can give the temporary name to another file: their own, to read the content, or a hard link, to have a
// file elsewhere overwritten or given away.
function openTemporary(
  context: Context,
  { destinationDir, path }: Entry,
  { kind, split }: RangeJob | PublishJob,
): Handle {
  const { fs } = context;
  const { temporary, made } = split;
  const handle = attempt(path, 'destination', 'open', () => fs.openWrite(destinationDir, temporary));
  try {
    const there = attempt(path, 'destination', 'stat', () => fs.stat(handle));
    // Inode numbers are reused, so owner and mode are checked too; a repeated publish has changed them already.
    const isUntouched = there.uid === made.uid && there.mode === made.mode;
    if (there.identity === made.identity && there.nlink === 1 && (isUntouched || kind === 'publish')) return handle;
    throw entryError(path, 'destination', 'open', 'EPCOPY_CHANGED', 'its temporary file was replaced');
  } catch (error) {
    fs.close(handle);
    throw error;
  }
}

function checkSame(path: RawPath, { type, identity }: Stat, expected: string): void {
  // A reused inode number may belong to an entry of another type.
  if (type === 'f' && identity === expected) return;
  throw entryError(path, 'source', 'read', 'EPCOPY_CHANGED', 'was replaced while it was read');
}
