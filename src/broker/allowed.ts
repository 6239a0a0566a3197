import { realpathSync } from 'node:fs';
import { RefusedError } from '../api/errors.ts';
import { type RawPath, toBytes } from '../api/names.ts';
import { DirHandleCache } from '../fs/dir-handle-cache.ts';
import type { Root } from '../fs/directories.ts';
import { deviceOf, type FileSystem, type Handle } from '../fs/file-system.ts';
import { isWithin, listMounts, trim } from '../plan/mounts.ts';

interface Held {
  path: RawPath;
  handle: Handle;
}

/** The directories that a helper may copy in. They are held from the start, whatever becomes of their names. */
export class Allowed {
  private readonly fs: FileSystem;
  private readonly held: Held[] = [];

  /** @throws RefusedError for one that is not there */
  constructor(fs: FileSystem, directories: readonly RawPath[]) {
    this.fs = fs;
    for (const directory of directories) {
      try {
        const path = realpathSync.native(toBytes(directory), 'buffer').toString('latin1');
        this.held.push({ path, handle: fs.openRoot(path) });
      } catch (error) {
        const { message, code = 'EIO' } = error as NodeJS.ErrnoException;
        throw new RefusedError(directory, `cannot allow the directory: ${message}`, code, { cause: error });
      }
    }
  }

  /**
   * Opens a directory on the way from one that is allowed, no link followed, and calls back with it.
   * @throws Error where none is on its way
   */
  open<T>({ path }: Root, use: (handle: Handle, identity: string) => T): T {
    const top = this.held.find((held) => isWithin(path, held.path));
    if (top === undefined) throw new Error(`${path} is in no directory that --allow names`);
    const tree = new DirHandleCache(this.fs, top.handle, (parent, name) => this.fs.openDirectory(parent, name));
    try {
      const handle = tree.open(path.slice(trim(top.path).length).replace(/^\/+/, ''));
      return use(handle, this.fs.stat(handle).identity);
    } finally {
      tree.close();
    }
  }

  close(): void {
    for (const { handle } of this.held) this.fs.close(handle);
  }
}

/** What is mounted below a directory; machines do not have the same numbers for that. */
export function mountedBelow({ path }: Root): RawPath | undefined {
  return listMounts().find(({ point }) => isWithin(point, path) && trim(point) !== trim(path))?.point;
}

/** The number of an identity's inode: that of its device is another one on each machine. */
export function inodeOf(identity: string): string {
  return identity.slice(deviceOf({ identity }).length + 1);
}
