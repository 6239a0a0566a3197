import type { Failure } from './errors.ts';
import type { Kind } from './events.ts';

/** An entry of the source, as passed to a program's functions. Names are bytes, one character each (see `toText`). */
export interface SourceEntry {
  /** Relative to the source. */
  path: string;
  /** The last part of the path. */
  name: string;
  kind: Kind;
}

/**
 * The options of `copyTree`. Each has a default, which `undefined` selects; README.md, "Options", describes them. An unknown
 * field, or a value of the wrong type or out of range, is a UsageError.
 */
export interface CopyOptions {
  /**
   * Worker processes, 1 to 64. Default `auto`: the CPUs available, 2 at least, 16 at most; and up to 32 while they mostly wait for
   * the storage and more of them make it faster; not with `broker` and `bwlimit`.
   */
  jobs?: number | 'auto';
  /**
   * Share the jobs with the machines that help at this Redis server: a URL that begins with `redis://`, `rediss://` or `unix:///`.
   * With it `jobs` may be 0. Default: this machine alone.
   */
  broker?: string;
  /** Bytes of one chunk, the unit of copying and counting, 1 to 1 GiB. Default 1024. */
  chunkSize?: number;
  /** Contiguous chunks moved by one read and one write call. Default: as many as fill 128 KiB. */
  batch?: number;
  /** Always lists, even for a single pattern. */
  include?: readonly string[];
  exclude?: readonly string[];
  /**
   * Whether an entry that the patterns select is copied; for a directory, with everything below it. Called for one entry after the
   * other while the source is listed, and again when the run lists ahead (space, sizes). With `delete` it is also called for what only
   * the destination has: what it refuses stays. An exception ends the run, and `copyTree` rejects with it.
   */
  filter?: (entry: SourceEntry) => boolean | Promise<boolean>;
  /**
   * The name that an entry gets in its directory at the destination, as bytes (see `fromText`); everything below a directory goes
   * with it. An invalid name, or one that another entry of the directory has, is a failure of the entry. Called like `filter`, after
   * it; not for a source that is one file. Not with several sources, `delete`, `filesFrom` and `retryFrom`.
   */
  rename?: (entry: SourceEntry) => string | Promise<string>;
  /** Honour `.gitignore` files in the source. */
  gitignore?: boolean;
  /** Copy only these paths, relative to the source, as bytes (see `fromText`). */
  filesFrom?: readonly string[];
  /**
   * Copy only what failed in an earlier run: `failures` of its summary. A directory includes everything below it; an empty
   * list copies nothing. Not with `filesFrom`.
   */
  retryFrom?: readonly Failure[];
  /** Skip files that are smaller, or larger, in bytes. A file whose size cannot be read is not skipped: it is copied or fails. */
  minSize?: number;
  maxSize?: number;
  /** Same as `ifExists: 'skip'`; not with it. */
  noClobber?: boolean;
  /** What happens to an existing file; `older` replaces it when it is older than the source. Default replace. */
  ifExists?: 'replace' | 'skip' | 'error' | 'older';
  update?: boolean;
  /** With `update` only: compare contents instead of size and time. */
  checksum?: boolean;
  /** Remove at the destination what the source does not have; never after a source read error. Not with `filesFrom`. */
  delete?: boolean;
  /** With `delete` only: the largest number of removals; more is a failure and removes nothing. */
  maxDelete?: number;
  archive?: boolean;
  dereference?: boolean;
  /** Copy a source that is a symbolic link itself; one with a slash at its end is followed all the same. */
  sourceLink?: boolean;
  /** Create directories that are on other devices than the source, but do not enter them. */
  oneFileSystem?: boolean;
  reflink?: 'auto' | 'always' | 'never';
  sparse?: 'auto' | 'always' | 'never';
  verify?: boolean;
  /** Write a `sha256sum` list to this file. Not with `dryRun`. */
  manifest?: string;
  /** Write a trace of the run to this file: Chrome trace events, as Perfetto and DevTools read them. */
  trace?: string;
  fsync?: boolean;
  /** Keep the written part of files of 64 MiB or more when the run is interrupted; a later run resumes them. */
  partial?: boolean;
  /** Default true: a file appears under its name only when it is complete. */
  atomic?: boolean;
  dryRun?: boolean;
  /** Retries after a transient failure, up to 1000. Default 2. */
  retries?: number;
  /** Stop at the n-th failed entry. Default Infinity: never. */
  maxErrors?: number;
  /** Bytes per second over all workers. Default 0: no limit. */
  bwlimit?: number;
  /** Default true: check space and inodes before anything is written. */
  preflight?: boolean;
  /** Metadata that is not preserved, entries skipped for their type and an empty selection are failures. */
  strict?: boolean;
  /** Emit a `file` event for each entry, which costs time. Default false. */
  entries?: boolean;
  /**
   * Learn the bytes total (for `progress` events): of more than 1,000 files by a count beside a copy that takes longer than 0.3 s, or than
   * so many milliseconds. Default false.
   */
  sizes?: boolean | number;
}
