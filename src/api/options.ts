import type { Failure } from './errors.ts';
import type { Kind } from './events.ts';

/** An entry of the source, as a program's functions see it. Names are bytes, one character each (see `toText`). */
export interface SourceEntry {
  /** Relative to the source. */
  path: string;
  /** The last part of the path. */
  name: string;
  kind: Kind;
}

/**
 * What a caller may ask for. Every field has a default, and `undefined` stands for it; the contract of each is in README.md,
 * "Options". A field that is not here, or a value of another type or out of its range, is a UsageError.
 */
export interface CopyOptions {
  /**
   * Worker processes, 1 to 64. Default `auto`: the CPUs available, 2 at least, 16 at most; and up to 32 while they mostly wait for
   * the storage and more of them make it faster.
   */
  jobs?: number | 'auto';
  /** Bytes of one chunk, the unit of copying and counting, 1 to 1 GiB. Default 1024. */
  chunkSize?: number;
  /** Contiguous chunks moved by one read and one write call. Default: as many as fill 128 KiB. */
  batch?: number;
  /** Lists, also of a single pattern. */
  include?: readonly string[];
  exclude?: readonly string[];
  /**
   * Whether an entry that the patterns select is copied; of a directory, with all below it. Asked of one entry after the other while the source is
   * listed, and once more where the run looks ahead (space, sizes). What it throws ends the run, and `copyTree` rejects with it.
   */
  filter?: (entry: SourceEntry) => boolean | Promise<boolean>;
  /**
   * The name that an entry gets in its directory at the destination, as bytes (see `fromText`); a directory takes all below it along. A name that cannot
   * be, or that another entry of the directory has, is a failure of the entry. Asked like `filter`, after it. Not of a source
   * that is one file, and not beside several sources, `delete`, `filesFrom` and `retryFrom`.
   */
  rename?: (entry: SourceEntry) => string | Promise<string>;
  /** Honour `.gitignore` files on the way. */
  gitignore?: boolean;
  /** Copy just these paths, relative to the source, as bytes (see `fromText`). */
  filesFrom?: readonly string[];
  /**
   * Copy again just what failed in an earlier run: `failures` of its summary. A directory is meant with all below it; no
   * failures are nothing to do. Not beside `filesFrom`.
   */
  retryFrom?: readonly Failure[];
  /** Skip files that are smaller, or larger, in bytes. One whose size cannot be read is copied, or fails, like any other. */
  minSize?: number;
  maxSize?: number;
  /** Short for `ifExists: 'skip'`, and not beside it. */
  noClobber?: boolean;
  /** What happens to a file whose name exists: `older` replaces it when it is older than the source. Default replace. */
  ifExists?: 'replace' | 'skip' | 'error' | 'older';
  update?: boolean;
  /** Only where `update` is mentioned: compare the contents, not size and time. */
  checksum?: boolean;
  /** Remove at the destination what the source does not have; never after a source read error. Not with `filesFrom`. */
  delete?: boolean;
  /** Only where `delete` is mentioned: at most so many removals; more is a failure and removes nothing. */
  maxDelete?: number;
  archive?: boolean;
  dereference?: boolean;
  /** Copy a source that is a symbolic link itself; one with a slash at its end is followed all the same. */
  sourceLink?: boolean;
  /** Make directories of other devices than the source's, but do not enter them. */
  oneFileSystem?: boolean;
  reflink?: 'auto' | 'always' | 'never';
  sparse?: 'auto' | 'always' | 'never';
  verify?: boolean;
  /** Write a `sha256sum` list to this file. Not with `dryRun`. */
  manifest?: string;
  /** Write a trace of the run to this file: Chrome trace events, as Perfetto and DevTools read them. */
  trace?: string;
  fsync?: boolean;
  /** Keep what is written of files of 64 MiB or more when the run is interrupted, for a later one to go on with. */
  partial?: boolean;
  /** Default true: a file appears under its name only when it is whole. */
  atomic?: boolean;
  dryRun?: boolean;
  /** Attempts more for a transient failure, up to 1000. Default 2. */
  retries?: number;
  /** Stop at the n-th failed entry. Default Infinity: never. */
  maxErrors?: number;
  /** Bytes per second over all workers. Default 0: no limit. */
  bwlimit?: number;
  /** Default true: check space and inodes before anything is written. */
  preflight?: boolean;
  /** What could not be preserved, what is skipped for its type, and a selection that is empty, are failures. */
  strict?: boolean;
  /** Emit a `file` event for each entry. Default false: it costs. */
  entries?: boolean;
  /**
   * Learn the bytes total (for `progress` events): of more than 1,000 files by a count beside a copy that takes longer than 0.3 s, or than
   * so many milliseconds. Default false.
   */
  sizes?: boolean | number;
}
