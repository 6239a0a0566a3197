import { parentOf, type RawPath } from '../api/names.ts';
import { DirHandleCache } from '../fs/dir-handle-cache.ts';
import type { FileSystem, Handle } from '../fs/file-system.ts';
import { parseTemporaryName } from '../fs/temporary-name.ts';
import type { Job } from '../protocol/jobs.ts';
import type { WorkerConfig } from '../protocol/worker-config.ts';

/**
 * Removes what dead workers left under temporary names, in the directories their jobs were about.
 * @param number only what was made for the job of this number; null: whatever this run made
 */
export function removeTemporaries(
  fs: FileSystem,
  config: WorkerConfig,
  jobs: Iterable<Job>,
  number: number | null,
): void {
  const dirs = new Set<RawPath>();
  for (const job of jobs) for (const dir of directoriesOf(job, number)) dirs.add(dir);
  if (dirs.size === 0 || config.dryRun) return;
  let root: Handle;
  try {
    root = fs.openRoot(config.destination.path);
  } catch {
    return; // The destination itself is gone.
  }
  const tree = new DirHandleCache(fs, root);
  for (const dir of dirs) {
    try {
      const handle = tree.open(dir);
      const found: RawPath[] = [];
      fs.list(handle, (name) => {
        const made = parseTemporaryName(name);
        if (made?.mark === config.runMark && (number === null || made.job === number)) found.push(name);
      });
      for (const name of found) fs.unlink(handle, name);
    } catch {
      // The directory was never made, or is gone. What stays is removed by the next run.
    }
  }
  tree.close();
  fs.close(root);
}

function directoriesOf(job: Job, number: number | null): RawPath[] {
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
      // Its temporary file is everybody's: it goes with the split, unless nobody is left to discard that.
      return number === null ? [parentOf(job.path)] : [];
    case 'finish':
    case 'delete':
      return [];
    default:
      return job satisfies never;
  }
}
