import { splitPath } from '../api/names.ts';
import { attempt, entryError } from '../fs/entry-error.ts';
import { type Handle, type Stat, withHandle } from '../fs/file-system.ts';
import type { PublishJob, RangeJob, SourceState, Split, SplitJob } from '../protocol/jobs.ts';
import { abort, publish, type StagedFile } from './atomic-write.ts';
import { checkUnchanged, copyRange } from './content.ts';
import { type Context, destinationEntry, type Entry, entryIn, reportEntry, syncIfAsked } from './context.ts';
import { clone, openSource } from './file.ts';
import { copyMetadata } from './metadata.ts';
import { beginUnlocked, GUARDED } from './temporary-file.ts';

// A big file is copied in three steps: one worker creates a temporary file of its size, several copy ranges, one sets the metadata
// and the name. Each step checks that the source is still the same file.

/** Creates the temporary file. Where blocks can be shared it completes the copy: the report then has no split. */
export function beginSplit(context: Context, job: SplitJob): void {
  const { fs, report } = context;
  withSource(context, job.path, job.deferredAs, (entry, source, stat) => {
    context.heartbeat.beginFile(job.path, stat.size);
    // The parent locks it, since a worker may end before the run.
    const made = beginUnlocked(context, entry, GUARDED, { mark: context.config.leaderMark });
    const staged: StagedFile = { ...made, guarded: true, reused: false };
    withHandle(fs, made.handle, (destination) => {
      try {
        if (clone(context, entry, source, staged, stat)) {
          copyMetadata(context, job.path, { source, stat, destination, guarded: true, hasAttributes: true });
          syncIfAsked(context, job.path, destination);
          publish(context, entry, staged, stat);
          done(context, job.path, stat);
        } else {
          attempt(job.path, 'destination', 'set size', () => fs.truncate(destination, stat.size));
          const { identity, uid, mode } = attempt(job.path, 'destination', 'stat', () => fs.stat(destination));
          report.split = {
            temporary: made.temporary,
            made: { identity, uid, mode },
            sourceIdentity: stat.identity,
            source: stateOf(stat),
            size: stat.size,
          };
        }
      } catch (error) {
        abort(context, entry, staged.temporary);
        throw error;
      }
    });
  });
}

function stateOf({ size, mtime, mtimeNs, changedMs, mode, uid, gid, nlink }: Stat): SourceState {
  return { size, mtime, mtimeNs, changedMs, mode, uid, gid, nlink };
}

/** Copies one range. */
export function copySplitRange(context: Context, job: RangeJob): void {
  withBoth(context, job, (_entry, source, destination, stat) => {
    context.heartbeat.guard();
    context.heartbeat.beginFile(job.path, job.end - job.start, job.part);
    copyRange(context, { path: job.path, source, destination, observe: null }, job, stat.blocks * 512 < stat.size);
    // The worker that wrote reports late write errors.
    syncIfAsked(context, job.path, destination);
  });
}

/** Completes the split file: sets its metadata and its name. */
export function publishSplit(context: Context, job: PublishJob): void {
  if (isPublished(context, job)) return done(context, job.path, job.split);
  withBoth(context, job, (entry, source, destination, stat) => {
    checkUnchanged(context, job.path, source, job.split.source);
    copyMetadata(context, job.path, { source, stat, destination, guarded: true, hasAttributes: true });
    syncIfAsked(context, job.path, destination);
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
  reportEntry(context, { path, type: 'f', action: 'copied', bytes: stat.size });
}

function withSource(
  context: Context,
  path: string,
  identity: string,
  use: (entry: Entry, source: Handle, stat: Stat) => void,
): void {
  const { fs } = context;
  const [dir, name] = splitPath(path);
  const destinationDir = context.destination.open(dir);
  const entry = entryIn(context, { path: dir, sourceDir: context.source.open(dir), destinationDir }, name, 'f');
  withHandle(fs, openSource(context, entry), (source) => {
    const stat = attempt(path, 'source', 'stat', () => fs.stat(source));
    // A reused inode number may belong to an entry of another type.
    if (stat.type !== 'f' || stat.identity !== identity)
      throw entryError(path, 'source', 'read', 'EPCOPY_CHANGED', 'was replaced while it was read');
    use(entry, source, stat);
  });
  syncIfAsked(context, path, destinationDir);
}

function withBoth(
  context: Context,
  job: RangeJob | PublishJob,
  use: (entry: Entry, source: Handle, destination: Handle, stat: Stat) => void,
): void {
  withSource(context, job.path, job.split.sourceIdentity, (entry, source, stat) =>
    withHandle(context.fs, openTemporary(context, entry, job), (destination) => use(entry, source, destination, stat)),
  );
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
