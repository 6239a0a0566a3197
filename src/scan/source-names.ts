import { CopyError } from '../errors.ts';
import type { FileSystem, Handle } from '../fs/file-system.ts';
import { codeOf } from '../fs/system-error.ts';
import type { RawPath } from '../names.ts';
import { Chain } from '../tree/chain.ts';
import { enterSource, heldHandles } from '../tree/directories.ts';

/** What the source has, asked for by directory. */
export class SourceNames {
  /** The form in which names are compared. */
  readonly fold: (name: RawPath) => string;
  private readonly fs: FileSystem;
  private readonly root: Handle;
  private readonly chain: Chain;

  constructor(fs: FileSystem, path: RawPath, dereference: boolean, fold: (name: RawPath) => string) {
    this.fs = fs;
    this.fold = fold;
    this.root = fs.openRoot(path);
    this.chain = new Chain(fs, this.root, heldHandles(), enterSource(fs, dereference));
  }

  /** The names in a directory, none when it is not there; null when something else is, or it cannot be read. */
  in(dir: RawPath): Set<string> | null {
    const names = new Set<string>();
    try {
      this.fs.list(this.chain.open(dir), (name) => names.add(this.fold(name)));
      return names;
    } catch (error) {
      const code = codeOfAny(error);
      if (code === '') throw error;
      return code === 'ENOENT' ? names : null;
    }
  }

  /** What `step` says of the directory, or null where there is none. */
  read<T>(dir: RawPath, step: (fs: FileSystem, handle: Handle) => T): T | null {
    try {
      return step(this.fs, this.chain.open(dir));
    } catch (error) {
      if (codeOfAny(error) === '') throw error;
      return null;
    }
  }

  close(): void {
    this.chain.close();
    this.fs.close(this.root);
  }
}

function codeOfAny(error: unknown): string {
  return error instanceof CopyError ? error.code : codeOf(error);
}
