import { parentOf, type RawPath } from '../api/names.ts';
import { DirHandleCache } from '../fs/dir-handle-cache.ts';
import type { FileSystem } from '../fs/file-system.ts';
import { temporaryNamesIn } from '../fs/stale-temporary.ts';
import { orNull } from '../fs/system-error.ts';
import { parseTemporaryName, runOf } from '../fs/temporary-name.ts';
import type { Job } from '../protocol/jobs.ts';
import type { WorkerConfig } from '../protocol/worker-config.ts';

/**
 * Removes temporary files of dead workers in the directories of their jobs.
 * @param isOf selects jobs by number; null: all of this run
 */
export function removeTemporaries(
  fs: FileSystem,
  config: WorkerConfig,
  jobs: Iterable<Job>,
  isOf: ((number: number) => boolean) | null,
): void {
  const dirs = new Set<RawPath>();
  for (const job of jobs) for (const dir of directoriesOf(job, isOf === null)) dirs.add(dir);
  if (dirs.size === 0 || config.dryRun) return;
  const root = orNull(() => fs.openRoot(config.destination.path));
  if (root === null) return; // The destination itself is gone.
  const tree = new DirHandleCache(fs, root);
  for (const dir of dirs) {
    // The directory may not exist. What remains is removed by the next run.
    orNull(() => {
      const handle = tree.open(dir);
      for (const name of temporaryNamesIn(fs, handle)) {
        const made = parseTemporaryName(name);
        const isOurs = made !== null && runOf(made.mark) === runOf(config.runMark) && (isOf === null || isOf(made.job));
        if (isOurs) fs.unlink(handle, name);
      }
    });
  }
  tree.close();
  fs.close(root);
}

function directoriesOf(job: Job, nobodyIsLeft: boolean): RawPath[] {
  switch (job.kind) {
    case 'entries':
      return job.groups.map((group) => group.dir);
    case 'links':
      return job.groups.flatMap((group) => group.paths.map(parentOf));
    case 'split':
    case 'publish':
    case 'discard':
      return [parentOf(job.path)];
    case 'range':
      // The temporary file is shared: it is removed with the split, unless no worker is left to do so.
      return nobodyIsLeft ? [parentOf(job.path)] : [];
    case 'finish':
    case 'delete':
      return [];
    default:
      return job satisfies never;
  }
}
