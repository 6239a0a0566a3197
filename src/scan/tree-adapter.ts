import type { Chain } from '../copy/chain.ts';
import type { FileSystem, Handle, TypeLetter } from '../fs/file-system.ts';
import { codeOf } from '../fs/system-error.ts';
import { join, type RawPath } from '../names.ts';

/** Where the tree stands in fast-glob's eyes. Nothing is ever looked up there: the adapter answers for it. */
export const VIRTUAL_ROOT = '/tree';

/** An entry as a listing gives it, in the words fast-glob asks in. */
export class ListedEntry {
  readonly name: string;
  readonly type: TypeLetter;
  /** Bytes, when sizes are taken. */
  readonly size: number;

  constructor(name: string, type: TypeLetter, size: number) {
    this.name = name;
    this.type = type;
    this.size = size;
  }
  isFile(): boolean {
    return this.type === 'f';
  }
  isDirectory(): boolean {
    return this.type === 'd';
  }
  isSymbolicLink(): boolean {
    return this.type === 'l';
  }
  isFIFO(): boolean {
    return this.type === 'p';
  }
  isSocket(): boolean {
    return this.type === 's';
  }
  isCharacterDevice(): boolean {
    return this.type === 'c';
  }
  isBlockDevice(): boolean {
    return this.type === 'b';
  }
}

export interface AdapterOptions {
  dereference: boolean;
  sizes: boolean;
  /** Waits until more entries are wanted. */
  gate: () => Promise<void>;
  /** A directory that cannot be read, or with `dereference` a link that leads nowhere or in a circle. */
  onError: (error: unknown, path: RawPath) => void;
  /** May drop entries of a directory that has just been listed. */
  select?: (dir: RawPath, handle: Handle, entries: ListedEntry[]) => ListedEntry[];
}

type Callback = (error: NodeJS.ErrnoException | null, entries: ListedEntry[]) => void;

/**
 * A `readdir` for fast-glob that lists through held directory handles, never follows a link by itself, carries every name
 * byte for byte, and makes the walk wait when the pipeline behind it is full: fast-glob's stream does not.
 * @param everything called for each entry when all are wanted; fast-glob is then given the directories only
 */
export function readdirFor(
  fs: FileSystem,
  tree: Chain,
  options: AdapterOptions,
  everything: ((dir: RawPath, name: RawPath, listed: ListedEntry) => void) | null,
) {
  const identities = new Map<RawPath, string>();

  return (path: string, _how: unknown, callback: Callback): void => {
    const dir = fromGlob(path.slice(VIRTUAL_ROOT.length + 1));
    options.gate().then(
      () => callback(null, path.startsWith(VIRTUAL_ROOT) ? listQuietly(dir) : []),
      (error) => callback(error, []),
    );
  };

  // One directory that cannot be listed is one failed entry, not the end of the walk.
  function listQuietly(dir: RawPath): ListedEntry[] {
    try {
      return list(dir);
    } catch (error) {
      options.onError(error, dir);
      return [];
    }
  }

  function list(dir: RawPath): ListedEntry[] {
    const handle = tree.open(dir);
    if (options.dereference) checkLoop(dir, fs.stat(handle).identity);
    const entries: ListedEntry[] = [];
    fs.list(handle, (name, type) => {
      const resolved = options.dereference && type === 'l' ? resolve(handle, dir, name) : type;
      if (resolved === null) return;
      const size = options.sizes && resolved === 'f' ? sizeOf(handle, name) : 0;
      entries.push(new ListedEntry(toGlob(name), resolved, size));
    });
    const selected = options.select === undefined ? entries : options.select(dir, handle, entries);
    if (everything === null) return selected;
    for (const entry of selected) everything(dir, fromGlob(entry.name), entry);
    return selected.filter((entry) => entry.isDirectory());
  }

  function sizeOf(handle: Handle, name: RawPath): number {
    try {
      return (options.dereference ? fs.statTarget(handle, name) : fs.statAt(handle, name))?.size ?? 0;
    } catch {
      return 0; // The worker that opens it will say what is wrong.
    }
  }

  function resolve(handle: Handle, dir: RawPath, name: RawPath): TypeLetter | null {
    try {
      return fs.statTarget(handle, name).type;
    } catch (error) {
      options.onError(error, join(dir, name));
      return null;
    }
  }

  // A directory that is its own ancestor can only be one by way of a link.
  function checkLoop(dir: RawPath, identity: string): void {
    for (let at = dir; at !== ''; ) {
      at = at.slice(0, Math.max(at.lastIndexOf('/'), 0));
      if (identities.get(at) === identity) throw new LoopError();
    }
    identities.set(dir, identity);
  }
}

/** A link to a directory that leads back to one it lies in. */
export class LoopError extends Error {
  override name = 'LoopError';
}

/** Whether the error says that the entry is no longer there. */
export function isGone(error: unknown): boolean {
  return codeOf(error) === 'ENOENT';
}

// A `.` in the patterns' regular expressions does not match line ends, so names carry stand-ins beyond latin1 for them.
export function toGlob(name: RawPath): string {
  return /[\n\r]/.test(name) ? name.replaceAll('\n', '\u010a').replaceAll('\r', '\u010d') : name;
}

export function fromGlob(name: string): RawPath {
  return /[\u010a\u010d]/.test(name) ? name.replaceAll('\u010a', '\n').replaceAll('\u010d', '\r') : name;
}
