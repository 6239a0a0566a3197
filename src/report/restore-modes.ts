import type { RawPath } from '../api/names.ts';
import { DirHandleCache } from '../fs/dir-handle-cache.ts';
import { openRoot, type Root } from '../fs/directories.ts';
import type { FileSystem, Handle } from '../fs/file-system.ts';
import { codeOf } from '../fs/system-error.ts';

/**
 * Restores the modes of destination directories that had denied us access. A directory whose mode is no longer the one set then
 * was finished, or changed by someone else.
 * @param failed called for directories that stay accessible
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
  // Deepest first: entries must be reached before their parents deny access.
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
