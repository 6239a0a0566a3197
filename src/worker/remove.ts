import { join, type RawPath } from '../api/names.ts';
import { DirHandleCache, MISSING } from '../fs/dir-handle-cache.ts';
import { attempt } from '../fs/entry-error.ts';
import type { Handle, TypeLetter } from '../fs/file-system.ts';
import { orNull } from '../fs/system-error.ts';
import type { DeleteJob } from '../protocol/jobs.ts';
import { type Context, reportEntry, withRetries } from './context.ts';
import { makeAccessible } from './directories.ts';
import { fail } from './failures.ts';
import { WorkerMustEnd } from './heartbeat.ts';

/** Removes entries of a destination directory, directories with their contents. Links are removed, never followed. */
export function removeEntries(context: Context, job: DeleteJob): void {
  let dir: Handle;
  try {
    dir = withRetries(context, () => context.destination.open(job.dir));
  } catch (error) {
    return notDeleted(context, job, error, job.dir);
  }
  if (dir === MISSING) return;
  const { fs, config } = context;
  const below = new DirHandleCache(fs, dir, (parent, name, path) => {
    const handle = fs.holdDirectory(parent, name);
    return config.dryRun ? handle : makeAccessible(context, handle, fs.stat(handle), join(job.dir, path));
  });
  for (const [index, name] of job.names.split('/').entries()) {
    removeTree(context, below, job, { name, isDirectory: job.types[index] === 'd' });
    context.heartbeat.endEntry(join(job.dir, join(job.inside ?? '', name)));
  }
  below.close();
}

interface Doomed {
  /** Its directory, relative to the top of the removal. */
  dir: RawPath;
  name: RawPath;
  type: TypeLetter;
}

// Entries are removed in reverse order of listing, so that directories are empty. Without recursion: a tree may be deeper than the
// stack and than the descriptor limit.
function removeTree(
  context: Context,
  below: DirHandleCache,
  job: DeleteJob,
  { name, isDirectory }: { name: RawPath; isDirectory: boolean },
): void {
  const { inside = '' } = job;
  const found: Doomed[] = [];
  const left = [{ dir: inside, name }];
  for (let next = left.pop(); next !== undefined; next = left.pop()) {
    const { dir, name } = next;
    context.heartbeat.waited();
    const path = join(job.dir, join(dir, name));
    try {
      const stat = deleting(context, path, () => context.fs.statAt(below.open(dir), name));
      if (stat === null) continue;
      // Done by somebody else, and perhaps replaced by what the run has copied there.
      if (dir === inside && (stat.type === 'd') !== isDirectory) continue;
      found.push({ dir, name, type: stat.type });
      if (stat.type !== 'd') continue;
      const inner = join(dir, name);
      const children = deleting(context, path, () => namesIn(context, below.open(inner)));
      for (const child of children) left.push({ dir: inner, name: child });
    } catch (error) {
      notDeleted(context, job, error, path);
    }
  }
  for (const doomed of found.reverse()) {
    context.heartbeat.waited();
    removeOne(context, below, job, doomed);
  }
}

function removeOne(context: Context, below: DirHandleCache, job: DeleteJob, { dir, name, type }: Doomed): void {
  const { fs, config, report } = context;
  const path = join(job.dir, join(dir, name));
  try {
    if (!config.dryRun) {
      context.heartbeat.guard();
      const removed = deleting(context, path, () => {
        const parent = below.open(dir);
        return orNull(() => {
          if (type === 'd') fs.removeDirectory(parent, name);
          else fs.unlink(parent, name);
          return true;
        }, 'ENOENT');
      });
      // By somebody else, whose change this machine's cache did not show.
      if (removed === null) return;
    }
    report.deleted++;
    reportEntry(context, { path, type, action: 'deleted', bytes: 0 });
  } catch (error) {
    notDeleted(context, job, error, path);
  }
}

function notDeleted(context: Context, { inside }: DeleteJob, error: unknown, path: RawPath): void {
  if (inside === undefined || error instanceof WorkerMustEnd) fail(context, error, path);
}

function deleting<T>(context: Context, path: RawPath, step: () => T): T {
  return withRetries(context, () => attempt(path, 'destination', 'delete', step));
}

function namesIn({ fs }: Context, dir: Handle): RawPath[] {
  const names: RawPath[] = [];
  fs.list(dir, (name) => names.push(name));
  return names;
}
