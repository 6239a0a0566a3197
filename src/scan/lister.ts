import { join, type RawPath } from '../api/names.ts';
import type { DirHandleCache } from '../fs/dir-handle-cache.ts';
import type { FileSystem, Handle, TypeLetter } from '../fs/file-system.ts';
import { AncestorStack } from './ancestor-stack.ts';

export interface ListerOptions {
  dereference: boolean;
  /** Whether the size of the next file is wanted. */
  wantsSize: () => boolean;
  /** A directory that cannot be read, or with `dereference` a link that leads nowhere or in a circle. */
  onError: (error: unknown, path: RawPath) => void;
}

/** Takes an entry: its name, and its size in bytes where sizes are taken, else 0. */
export type ListedName = (name: RawPath, type: TypeLetter, size: number) => void;

/** Lists the directories of a tree through held handles, depth first, and never follows a link by itself. */
export class Lister {
  private readonly fs: FileSystem;
  private readonly tree: DirHandleCache;
  private readonly options: ListerOptions;
  private readonly above = new AncestorStack<string>();

  constructor(fs: FileSystem, tree: DirHandleCache, options: ListerOptions) {
    this.fs = fs;
    this.tree = tree;
    this.options = options;
  }

  /** Lists one directory. One that cannot be listed is one failed entry, not the end of the walk. */
  list(dir: RawPath, entry: ListedName): void {
    this.within(dir, (handle) => this.listOpen(handle, dir, entry));
  }

  /** Does something with an open directory; what is thrown is that directory's failure, and null the result. */
  within<T>(dir: RawPath, step: (handle: Handle) => T): T | null {
    try {
      return step(this.tree.open(dir));
    } catch (error) {
      this.options.onError(error, dir);
      return null;
    }
  }

  listOpen(handle: Handle, dir: RawPath, entry: ListedName): void {
    const { dereference } = this.options;
    if (dereference) this.checkLoop(dir, this.fs.stat(handle).identity);
    this.fs.list(handle, (name, listed) => {
      const type = dereference && listed === 'l' ? this.resolve(handle, dir, name) : listed;
      if (type !== null) entry(name, type, type === 'f' && this.options.wantsSize() ? this.sizeOf(handle, name) : 0);
    });
  }

  private sizeOf(handle: Handle, name: RawPath): number {
    const { fs, options } = this;
    try {
      return (options.dereference ? fs.statTarget(handle, name) : fs.statAt(handle, name))?.size ?? 0;
    } catch {
      return 0; // The worker that opens it will say what is wrong.
    }
  }

  private resolve(handle: Handle, dir: RawPath, name: RawPath): TypeLetter | null {
    try {
      return this.fs.statTarget(handle, name).type;
    } catch (error) {
      this.options.onError(error, join(dir, name));
      return null;
    }
  }

  // A directory that is its own ancestor can only be one by way of a link.
  private checkLoop(dir: RawPath, identity: string): void {
    for (const ancestor of this.above.to(dir)) if (ancestor === identity) throw new LoopError();
    this.above.push(dir, identity);
  }
}

/** A link to a directory that leads back to one it lies in. */
export class LoopError extends Error {
  override name = 'LoopError';
}
