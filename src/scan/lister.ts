import type { RawPath } from '../api/names.ts';
import { type DirHandleCache, MISSING } from '../fs/dir-handle-cache.ts';
import { statAtSource } from '../fs/directories.ts';
import { entryError } from '../fs/entry-error.ts';
import { deviceOf, type FileSystem, type Handle, type Stat, type TypeLetter } from '../fs/file-system.ts';
import type { DirectoryRead } from '../fs/read-ahead.ts';
import { pauseUnless, type Retries } from '../fs/retry.ts';
import { AncestorStack } from './ancestor-stack.ts';
import type { IsIgnored } from './gitignore.ts';
import type { Latency } from './latency.ts';

/** Observes the listing of the source for the copy. */
export interface ListingObserver {
  /** Called before the directory is read ahead, long before `begin`; never fails. */
  prepare: (dir: RawPath) => Promise<void>;
  /** Called before the directory is read. */
  begin: (dir: RawPath) => Promise<void>;
  /** Called for each entry, selected or not, and again when the directory is read again after a failure. */
  name: (name: RawPath, type: TypeLetter) => void;
  /** Called with the identity of the target of each followed link. */
  follow: (identity: string) => void;
  /**
   * Called when the directory was read to its end. The directory is open until the promise is returned.
   * @param isStable no entry was added, removed or renamed meanwhile
   */
  end: (dir: RawPath, isStable: boolean, isIgnored: IsIgnored | null) => Promise<void>;
  /** Called for each entry to copy, after `end` of its directory. @returns true when the observer keeps it for later */
  holdBack: (entry: WantedEntry) => boolean;
}

/** An entry to copy, with its size in bytes, 0 where it is not known. */
export interface WantedEntry {
  dir: RawPath;
  name: RawPath;
  type: TypeLetter;
  size: number;
}

export interface ListerOptions {
  /** The only entries of the top directory that are listed; null: all. */
  names?: readonly RawPath[] | null;
  observer?: ListingObserver | undefined;
  /** Called with each listed directory and the monotonic time at which its listing began. */
  listed?: ((dir: RawPath, fromMs: number) => void) | undefined;
  /** Called with the state of each directory before it is read. */
  entered?: ((dir: RawPath, before: Stat) => void) | undefined;
  /** The `.gitignore` rules of the directory that has just been read. */
  ignored?: () => IsIgnored | null;
  /** Do not read directories on another device than their top directory. */
  oneFileSystem?: boolean;
  dereference: boolean;
  retries: Retries;
  latency: Latency;
  /** The walk stops when this returns true. */
  cancelled: () => boolean;
  /** Whether to read the size of the next file. */
  wantsSize: () => boolean;
  /** Called for a directory that cannot be read, or that a link makes its own ancestor. */
  onError: (error: unknown, path: RawPath) => void;
}

/**
 * Makes the result for an entry.
 * @param size bytes; null where it was not read or could not be
 * @param broken with `dereference`, the error of a dangling link, which is a failure only if the entry is selected
 */
export type MakeEntry<T> = (name: RawPath, type: TypeLetter, size: number | null, broken?: unknown) => T;

/** Lists the directories of a tree through held handles, depth first, and never follows a link by itself. */
export class Lister {
  private readonly fs: FileSystem;
  private readonly tree: DirHandleCache;
  private readonly options: ListerOptions;
  private readonly devices = new Map<RawPath, string>();
  private readonly above = new AncestorStack<string>();

  constructor(fs: FileSystem, tree: DirHandleCache, options: ListerOptions) {
    this.fs = fs;
    this.tree = tree;
    this.options = options;
  }

  /**
   * Lists one directory. A directory that cannot be listed is one failed entry, and the walk continues; the entries read before
   * the failure are returned, unless there is a `select`, which has not seen them.
   * @param ahead the result of reading it ahead
   * @param select may drop entries and access the open directory
   */
  async list<T>(
    dir: RawPath,
    ahead: DirectoryRead | null,
    make: MakeEntry<T>,
    select?: (handle: Handle, entries: T[]) => T[],
  ): Promise<readonly T[]> {
    const { observer, ignored, latency, entered } = this.options;
    await observer?.begin(dir);
    for (let attempt = 0, read = ahead; ; attempt++, read = null) {
      // Collected first, because an attempt that fails midway is repeated from the start.
      const entries: T[] = [];
      let selected = entries;
      let ended: Promise<void> | undefined;
      try {
        const began = performance.now();
        const handle = read?.handle ?? this.tree.open(dir);
        if (handle === MISSING || this.isElsewhere(handle, dir)) return entries;
        const before = observer || entered ? (read?.before ?? this.fs.stat(handle)) : null;
        if (before !== null) entered?.(dir, before);
        const entry = this.adder(handle, attempt, make, entries);
        if (this.options.dereference) this.checkLoop(dir, (before ?? read?.before ?? this.fs.stat(handle)).identity);
        if (read !== null) eachOf(read, entry);
        else this.eachName(handle, dir, attempt, entry);
        if (read === null) latency.observe(performance.now() - began, entries.length);
        if (select !== undefined) selected = select(handle, entries);
        if (observer && before !== null)
          ended = observer.end(dir, isSameState(before, read?.after ?? this.fs.stat(handle)), ignored?.() ?? null);
      } catch (error) {
        const pause = this.options.retries.pauseAfter(error, attempt);
        if (pause === null) {
          this.options.onError(error, dir);
          return select === undefined ? entries : [];
        }
        // A stale handle stays stale: all directories of the path are opened again.
        this.tree.close();
        await pauseUnless(this.options.cancelled, pause);
        if (this.options.cancelled()) return [];
        continue;
      } finally {
        if (read !== null) this.fs.close(read.handle);
      }
      await ended;
      return selected;
    }
  }

  // Makes no object but the entry: a large directory would keep the garbage collector busy.
  private adder<T>(handle: Handle, attempt: number, make: MakeEntry<T>, entries: T[]) {
    const { dereference, observer, wantsSize } = this.options;
    return (name: RawPath, listed: TypeLetter, known?: number | null): void => {
      let type = listed;
      let broken: unknown;
      if (dereference && listed === 'l') ({ type, broken } = this.resolve(handle, name, attempt));
      observer?.name(name, type);
      const size = type !== 'f' ? null : known !== undefined ? known : wantsSize() ? this.sizeOf(handle, name) : null;
      entries.push(make(name, type, size, broken));
    };
  }

  private eachName(
    handle: Handle,
    dir: RawPath,
    attempt: number,
    visit: (name: RawPath, type: TypeLetter) => void,
  ): void {
    const { names = null } = this.options;
    if (dir !== '' || names === null) return this.fs.list(handle, visit);
    for (const name of names) {
      try {
        const stat = this.fs.statAt(handle, name);
        if (stat === null) throw entryError(name, 'source', 'stat', 'ENOENT', 'no such file or directory');
        visit(name, stat.type);
      } catch (error) {
        if (this.options.retries.pauseAfter(error, attempt) !== null) throw error;
        this.options.onError(error, name);
      }
    }
  }

  // Each of several sources may be on a device of its own.
  private isElsewhere(handle: Handle, dir: RawPath): boolean {
    const { oneFileSystem = false, names = null } = this.options;
    if (!oneFileSystem) return false;
    const device = deviceOf(this.fs.stat(handle));
    const top = names === null ? '' : dir.replace(/\/.*/s, '');
    if (dir === top) this.devices.set(top, device);
    return device !== this.devices.get(top);
  }

  private sizeOf(handle: Handle, name: RawPath): number | null {
    const { fs, options } = this;
    const began = performance.now();
    try {
      return statAtSource(fs, options.dereference, handle, name)?.size ?? null;
    } catch {
      return null; // The worker that opens it reports the error.
    } finally {
      options.latency.observe(performance.now() - began, 1);
    }
  }

  private resolve(handle: Handle, name: RawPath, attempt: number): { type: TypeLetter; broken?: unknown } {
    try {
      const { type, identity } = this.fs.statTarget(handle, name);
      this.options.observer?.follow(identity);
      return { type };
    } catch (error) {
      if (this.options.retries.pauseAfter(error, attempt) !== null) throw error;
      return { type: 'l', broken: error };
    }
  }

  // Only a link can make a directory its own ancestor.
  private checkLoop(dir: RawPath, identity: string): void {
    for (const ancestor of this.above.to(dir)) if (ancestor === identity) throw new LoopError();
    this.above.push(dir, identity);
  }
}

function eachOf(
  { names, types, sizes }: DirectoryRead,
  entry: (name: RawPath, type: TypeLetter, size?: number | null) => void,
) {
  for (const [index, name] of names.entries()) entry(name, types[index] as TypeLetter, sizes?.[index]);
}

function isSameState(a: Stat, b: Stat): boolean {
  return a.mtime === b.mtime && a.mtimeNs === b.mtimeNs;
}

/** A link to a directory that the link lies in. */
export class LoopError extends Error {
  override name = 'LoopError';
}
