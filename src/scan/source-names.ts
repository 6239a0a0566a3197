import { CopyError } from '../api/errors.ts';
import { join, type RawPath, splitPath } from '../api/names.ts';
import { DirHandleCache } from '../fs/dir-handle-cache.ts';
import { enterSource, heldHandles } from '../fs/directories.ts';
import type { FileSystem, Handle } from '../fs/file-system.ts';
import { codeOf } from '../fs/system-error.ts';

/** What the source has, asked for by directory of the destination. */
export class SourceNames {
  /** The form in which names are compared; null: as they are. */
  private readonly folded: ((name: RawPath) => string) | null;
  /** When names are folded: what the source calls the directories that have been asked for, and what it has in them. */
  private readonly own = new Map<RawPath, { path: RawPath; names: Map<string, RawPath> }>();
  private readonly fs: FileSystem;
  private readonly root: Handle;
  private readonly chain: DirHandleCache;

  constructor(fs: FileSystem, path: RawPath, dereference: boolean, folded: ((name: RawPath) => string) | null) {
    this.fs = fs;
    this.folded = folded;
    this.root = fs.openRoot(path);
    this.chain = new DirHandleCache(fs, this.root, heldHandles(), enterSource(fs, dereference));
  }

  fold(name: RawPath): string {
    return this.folded === null ? name : this.folded(name);
  }

  /** The names in a directory, folded, none when it is not there; null when something else is, or it cannot be read. */
  in(dir: RawPath): Set<string> | null {
    const names = new Map<string, RawPath>();
    const path = this.ownPath(dir);
    try {
      this.fs.list(this.chain.open(path), (name) => names.set(this.fold(name), name));
    } catch (error) {
      const code = codeOfAny(error);
      if (code === '') throw error;
      if (code !== 'ENOENT') return null;
    }
    if (this.folded !== null) this.own.set(dir, { path, names });
    return new Set(names.keys());
  }

  /** What `step` says of the directory, or null where there is none. */
  read<T>(dir: RawPath, step: (fs: FileSystem, handle: Handle) => T): T | null {
    try {
      return step(this.fs, this.chain.open(this.ownPath(dir)));
    } catch (error) {
      if (codeOfAny(error) === '') throw error;
      return null;
    }
  }

  // Parents are asked for before what they hold.
  private ownPath(dir: RawPath): RawPath {
    if (this.folded === null || dir === '') return dir;
    const [above, name] = splitPath(dir);
    const parent = this.own.get(above);
    return parent === undefined ? dir : join(parent.path, parent.names.get(this.folded(name)) ?? name);
  }

  close(): void {
    this.chain.close();
    this.fs.close(this.root);
  }
}

function codeOfAny(error: unknown): string {
  return error instanceof CopyError ? error.code : codeOf(error);
}
