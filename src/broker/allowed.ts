import { realpathSync } from 'node:fs';
import { RefusedError } from '../api/errors.ts';
import { printable, type RawPath, toBytes } from '../api/names.ts';
import { DirHandleCache } from '../fs/dir-handle-cache.ts';
import type { Root } from '../fs/directories.ts';
import { deviceOf, type FileSystem, type Handle } from '../fs/file-system.ts';
import { fromNode } from '../fs/system-error.ts';
import { isWithin, listMounts, trim } from '../plan/mounts.ts';

/** A refusal that a later state of the directories cannot change. */
export class PermanentRefusal extends Error {}

interface Held {
  path: RawPath;
  handle: Handle;
}

/** The directories that a helper may copy in. They are held open from the start, so renaming them changes nothing. */
export class Allowed {
  private readonly fs: FileSystem;
  private readonly held: Held[] = [];

  /** @throws RefusedError for a directory that cannot be opened */
  constructor(fs: FileSystem, directories: readonly RawPath[]) {
    this.fs = fs;
    for (const directory of directories) {
      try {
        const path = realpathSync.native(toBytes(directory), 'buffer').toString('latin1');
        this.held.push({ path, handle: fs.openRoot(path) });
      } catch (error) {
        const { message, code = 'EIO' } = fromNode(error) as NodeJS.ErrnoException;
        throw new RefusedError(directory, `${printable(directory)}: cannot be allowed: ${message}`, code, {
          cause: error,
        });
      }
    }
  }

  /**
   * Opens a directory below an allowed one, following no link, and passes it to `use`.
   * @throws PermanentRefusal when no allowed directory holds it
   */
  open<T>({ path }: Root, use: (handle: Handle, identity: string) => T): T {
    const top = this.held.find((held) => isWithin(path, held.path));
    if (top === undefined) throw new PermanentRefusal(`${path} is in no directory that --allow names`);
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

/** A mount point below a directory. Its device number differs between machines. */
export function mountedBelow({ path }: Root): RawPath | undefined {
  return listMounts().find(({ point }) => isWithin(point, path) && trim(point) !== trim(path))?.point;
}

/** The inode number of an identity, which is the same on all machines, unlike the device number. */
export function inodeOf(identity: string): string {
  return identity.slice(deviceOf({ identity }).length + 1);
}
