import type { RawPath } from '../api/names.ts';
import { DirHandleCache } from '../fs/dir-handle-cache.ts';
import { openRoot, type Root } from '../fs/directories.ts';
import type { FileSystem, Handle } from '../fs/file-system.ts';
import { codeOf } from '../fs/system-error.ts';

/**
 * Gives destination directories that were closed to us their modes back. One that has another mode than it got then was
 * finished, or changed by somebody else.
 * @param failed called with what stays open
 */
export function restoreModes(
  fs: FileSystem,
  destination: Root,
  opened: ReadonlyMap<RawPath, number>,
  failed: (path: RawPath, error: unknown) => void,
): void {
  if (opened.size === 0) return;
  let root: Handle;
  try {
    root = openRoot(fs, destination, 'destination');
  } catch (error) {
    return failed('', error);
  }
  const tree = new DirHandleCache(fs, root);
  // What lies in a directory has a longer path, and must be reached before that is closed.
  for (const [path, mode] of [...opened].sort(([a], [b]) => b.length - a.length)) {
    try {
      const handle = tree.open(path);
      if (fs.stat(handle).mode === (mode | 0o700)) fs.setMode(handle, mode);
    } catch (error) {
      if (codeOf(error) !== 'ENOENT') failed(path, error);
    }
  }
  tree.close();
  fs.close(root);
}
