import type { FileSystem, Handle, TypeLetter } from '../fs/file-system.ts';
import { join, type RawPath } from '../names.ts';
import type { Chain } from '../tree/chain.ts';
import { fromGlob, toGlob } from './glob-names.ts';
import { Trail } from './trail.ts';

/** Where the tree stands in fast-glob's eyes. Nothing is ever looked up there: the adapter answers for it. */
export const VIRTUAL_ROOT = '/tree';

/** An entry as a listing gives it, in the words fast-glob asks in. */
export class ListedEntry {
  /** As patterns see it. */
  readonly name: string;
  /** As the kernel gave it. */
  readonly raw: RawPath;
  /** The directory it lies in. */
  readonly dir: RawPath;
  readonly type: TypeLetter;
  /** Bytes, when sizes are taken. */
  readonly size: number;

  constructor(dir: RawPath, raw: RawPath, type: TypeLetter, size: number) {
    this.name = toGlob(raw);
    this.raw = raw;
    this.dir = dir;
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

/** Takes an entry: the directory it lies in, its name there, and its size in bytes where sizes are taken, else 0. */
export type Visit = (dir: RawPath, name: RawPath, type: TypeLetter, size: number) => void;

export interface AdapterOptions {
  dereference: boolean;
  /** Whether the size of the next file is wanted. */
  wantsSize: () => boolean;
  /** Waits until more entries are wanted. */
  gate: () => Promise<void>;
  /** A directory that cannot be read, or with `dereference` a link that leads nowhere or in a circle. */
  onError: (error: unknown, path: RawPath) => void;
  /**
   * May drop entries of a directory that has just been listed; a directory that is dropped is not entered. `path` is that
   * of the directory in the form of `toGlob`.
   */
  select?: (dir: RawPath, handle: Handle, entries: ListedEntry[], path: string) => ListedEntry[];
  /**
   * Takes every entry as it is listed; fast-glob hears of directories only, to go on from. For a walk that leaves nothing
   * out: an entry on its way through fast-glob costs several times its listing.
   */
  visit?: Visit;
}

type Callback = (error: NodeJS.ErrnoException | null, entries: ListedEntry[]) => void;

interface Pending {
  path: string;
  callback: Callback;
}

/**
 * A `readdir` for fast-glob that lists through held directory handles, never follows a link by itself, carries every name
 * byte for byte, and makes the walk wait when the pipeline behind it is full: fast-glob's stream does not.
 *
 * fast-glob asks for every directory as soon as it has heard of it. They are answered one at a time, the newest first: depth
 * first, the next directory is mostly a neighbour whose parents are still open, and few are waiting.
 */
export function readdirFor(fs: FileSystem, tree: Chain, options: AdapterOptions) {
  const above = new Trail<string>();
  const pending: Pending[] = [];
  const arrived: Pending[] = [];
  let busy = false;
  // The first that is asked for is the root; an absolute path looks different from system to system.
  let rootLength = -1;

  return (path: string, _how: unknown, callback: Callback): void => {
    if (rootLength < 0) rootLength = path.length;
    arrived.push({ path, callback });
    if (!busy) void answer();
  };

  async function answer(): Promise<void> {
    busy = true;
    for (let next = take(); next !== undefined; next = take()) {
      const { path, callback } = next;
      try {
        await options.gate();
      } catch (error) {
        callback(error as Error, []);
        return; // The walk ends here, so nobody waits for the others.
      }
      callback(null, listQuietly(path.slice(rootLength + 1)));
    }
    busy = false;
  }

  function take(): Pending | undefined {
    for (let next = arrived.pop(); next !== undefined; next = arrived.pop()) pending.push(next);
    return pending.pop();
  }

  // One directory that cannot be listed is one failed entry, not the end of the walk.
  function listQuietly(path: string): ListedEntry[] {
    const dir = fromGlob(path);
    try {
      return list(dir, path);
    } catch (error) {
      options.onError(error, dir);
      return [];
    }
  }

  function list(dir: RawPath, path: string): ListedEntry[] {
    const { dereference, select, visit } = options;
    const handle = tree.open(dir);
    if (dereference) checkLoop(dir, fs.stat(handle).identity);
    const entries: ListedEntry[] = [];
    fs.list(handle, (name, listed) => {
      const type = dereference && listed === 'l' ? resolve(handle, dir, name) : listed;
      if (type === null) return;
      const size = type === 'f' && options.wantsSize() ? sizeOf(handle, name) : 0;
      visit?.(dir, name, type, size);
      if (visit === undefined || type === 'd') entries.push(new ListedEntry(dir, name, type, size));
    });
    return select === undefined ? entries : select(dir, handle, entries, path);
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
    for (const ancestor of above.to(dir)) if (ancestor === identity) throw new LoopError();
    above.push(dir, identity);
  }
}

/** A link to a directory that leads back to one it lies in. */
export class LoopError extends Error {
  override name = 'LoopError';
}
