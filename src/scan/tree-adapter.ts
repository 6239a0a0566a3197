import type { RawPath } from '../api/names.ts';
import type { DirHandleCache } from '../fs/dir-handle-cache.ts';
import type { FileSystem, Handle, TypeLetter } from '../fs/file-system.ts';
import type { DirectoryRead } from '../fs/read-ahead.ts';
import { monotonicMs } from '../protocol/monotonic-clock.ts';
import { DirectoryStack, type Pending } from './directory-stack.ts';
import { fromGlob, toGlob } from './glob-names.ts';
import { Lister } from './lister.ts';
import type { WalkOptions } from './walk.ts';

/** The root that fast-glob is given. It never accesses it: the adapter answers all its calls. */
export const VIRTUAL_ROOT = '/tree';

/** A listed entry, with what fast-glob asks of a `Dirent`. */
export class ListedEntry {
  /** In the form of `toGlob`. */
  readonly name: string;
  /** The name as bytes. */
  readonly raw: RawPath;
  /** Its directory. */
  readonly dir: RawPath;
  readonly type: TypeLetter;
  /** Bytes; null where they are not known. */
  readonly size: number | null;
  /** See `MakeEntry`. */
  readonly broken: unknown;
  /** Its name at the destination. */
  as: RawPath;
  /** False for a directory that is listed only for what lies below it. */
  selected = true;
  /** Whether a directory is listed too. */
  entered = true;

  constructor(dir: RawPath, raw: RawPath, type: TypeLetter, size: number | null, broken?: unknown) {
    this.name = toGlob(raw);
    this.raw = raw;
    this.as = raw;
    this.dir = dir;
    this.type = type;
    this.size = size;
    this.broken = broken;
  }
  /** fast-glob enters every directory. */
  isDirectory(): boolean {
    return this.type === 'd' && this.entered;
  }
  isSymbolicLink(): boolean {
    return this.type === 'l';
  }
}

/** A dropped directory is not entered. */
export type Select = (dir: RawPath, handle: Handle, entries: ListedEntry[]) => ListedEntry[];

/** Drops or marks unwanted entries; the directory may be closed by then. `path` is that of the directory, in the form of `toGlob`. */
export type Filter = (entries: readonly ListedEntry[], path: string) => Promise<ListedEntry[]>;

type Callback = (error: NodeJS.ErrnoException | null, entries: readonly ListedEntry[]) => void;

/**
 * A `readdir` for fast-glob that preserves the bytes of names and makes the walk wait while the pipeline is full, which fast-glob's
 * stream does not.
 *
 * fast-glob requests every directory as soon as it has seen it. The requests are answered one at a time, the newest first: depth
 * first, the next directory is mostly a sibling whose parents are still open, and few requests are pending.
 */
export function readdirFor(fs: FileSystem, tree: DirHandleCache, options: WalkOptions, filter: Filter) {
  const lister = new Lister(fs, tree, options);
  const pending = new DirectoryStack<Callback>(fs, tree.root, { ...options, enters: false });
  const arrived: [dir: RawPath, callback: Callback][] = [];
  let busy = false;
  // The first request is the root; the form of absolute paths depends on the system.
  let rootLength = -1;

  return (path: string, _how: unknown, callback: Callback): void => {
    if (rootLength < 0) rootLength = path.length;
    arrived.push([fromGlob(path.slice(rootLength + 1)), callback]);
    if (!busy) void answer();
  };

  async function answer(): Promise<void> {
    busy = true;
    for (let next = take(); next !== undefined; next = take()) {
      const { dir, what: callback } = next;
      let entries: readonly ListedEntry[];
      try {
        await options.gate();
        const fromMs = options.listed && monotonicMs();
        const listed = await list(dir, await pending.answer(next));
        if (fromMs !== undefined) options.listed?.(dir, fromMs);
        entries = await filter(listed, toGlob(dir));
      } catch (error) {
        pending.close();
        callback(error as Error, []);
        return; // The walk ends here; the other requests need no answer.
      }
      callback(null, entries);
    }
    busy = false;
  }

  function take(): Pending<Callback> | undefined {
    for (let next = arrived.pop(); next !== undefined; next = arrived.pop()) pending.push(...next);
    return pending.pop();
  }

  function list(dir: RawPath, read: DirectoryRead | null): Promise<readonly ListedEntry[]> {
    return lister.list(
      dir,
      read,
      (...entry) => new ListedEntry(dir, ...entry),
      (handle, entries) => options.select?.(dir, handle, entries) ?? entries,
    );
  }
}
