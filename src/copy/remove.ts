import { attempt } from '../failure.ts';
import type { FileSystem, Handle } from '../fs/file-system.ts';
import { join, type RawPath } from '../names.ts';
import { MISSING } from '../tree/chain.ts';
import type { DeleteJob } from '../wire.ts';
import { type Context, tell } from './context.ts';
import { fail } from './entries.ts';
import { withRetries } from './retry.ts';

/** Removes entries of a destination directory, directories with all they hold. Links are removed, never followed. */
export function removeEntries(context: Context, job: DeleteJob): void {
  let dir: Handle;
  try {
    dir = withRetries(context, () => context.destination.open(job.dir));
  } catch (error) {
    return fail(context, error, job.dir);
  }
  if (dir === MISSING) return;
  for (const name of job.names.split('/')) {
    removeTree(context, dir, name, join(job.dir, name));
    context.pace.endEntry();
  }
}

function removeTree(context: Context, dir: Handle, name: RawPath, path: RawPath): void {
  const { fs, config, report } = context;
  try {
    const stat = attempt(path, 'destination', 'stat', () => fs.statAt(dir, name));
    if (stat === null) return;
    if (stat.type === 'd') {
      const inner = attempt(path, 'destination', 'open', () => fs.openDirectory(dir, name));
      try {
        for (const child of namesIn(fs, inner)) removeTree(context, inner, child, join(path, child));
      } finally {
        fs.close(inner);
      }
      if (!config.dryRun) attempt(path, 'destination', 'rmdir', () => fs.removeDirectory(dir, name));
    } else if (!config.dryRun) {
      attempt(path, 'destination', 'unlink', () => fs.unlink(dir, name));
    }
    report.deleted++;
    tell(context, { path, type: stat.type, action: 'deleted', bytes: 0 });
  } catch (error) {
    fail(context, error, path);
  }
}

/** The names in an open directory. */
export function namesIn(fs: FileSystem, dir: Handle): RawPath[] {
  const names: RawPath[] = [];
  fs.list(dir, (name) => names.push(name));
  return names;
}
