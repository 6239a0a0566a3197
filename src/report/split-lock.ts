import { type RawPath, splitPath } from '../api/names.ts';
import { DirHandleCache } from '../fs/dir-handle-cache.ts';
import type { FileSystem, Handle } from '../fs/file-system.ts';
import { temporaryName } from '../fs/temporary-name.ts';
import type { Split } from '../protocol/jobs.ts';
import type { WorkerConfig } from '../protocol/worker-config.ts';

export interface LockedSplit {
  split: Split;
  release: () => void;
}

/**
 * Locks the temporary file of a split file in this process, which lives as long as the run, and gives it the name of a locked
 * file. Where that is not possible it stays as it is.
 */
export function lockSplit(fs: FileSystem, config: WorkerConfig, path: RawPath, split: Split): LockedSplit {
  const [dir] = splitPath(path);
  const temporary = temporaryName(config.runMark, 0, true);
  let root: Handle | null = null;
  let handle: Handle | null = null;
  try {
    root = fs.openRoot(config.destination.path);
    const tree = new DirHandleCache(fs, root);
    try {
      const parent = tree.open(dir);
      const opened = fs.openWrite(parent, split.temporary);
      handle = opened;
      if (fs.lock(opened, 'exclusive') === true) {
        fs.rename(parent, split.temporary, parent, temporary);
        handle = null;
        return { split: { ...split, temporary }, release: () => fs.close(opened) };
      }
    } finally {
      tree.close();
    }
  } catch {
    // The directory is gone, or too many files are open: a worker reports it, if it matters.
  } finally {
    for (const open of [root, handle]) if (open !== null) fs.close(open);
  }
  return { split, release: () => {} };
}
