// Everything that crosses between the parent and its workers, as plain data that is safe to run twice. Both sides import
// this file and nothing of each other.
import type { Failure } from './errors.ts';
import type { Sample } from './events.ts';
import type { TypeLetter } from './fs/file-system.ts';
import type { RawPath } from './names.ts';

/** What the tasks of a worker are called between the parent and its workers. */
export const WORKER_TASKS = 'pcopy:worker';

/** What a worker notes while it has no entry in hand; else it notes the entry's index in its job. */
export const NOTHING_IN_HAND = 0xffffffff;

/** One of the two directories of a run, with the identity it had when the run began. */
export interface Root {
  /** Absolute. */
  path: RawPath;
  identity: string;
}

/** A rate shared by all workers, through the length of a file. */
export interface RateLimit {
  path: string;
  bytesPerSecond: number;
  /** Bytes that one byte of the file stands for. */
  unit: number;
  /** When the run began, on the system's steady clock, in milliseconds. */
  startMs: number;
}

/** What a worker has to know, once. */
export interface WorkerConfig {
  source: Root;
  destination: Root;
  /** Driver of the parent, so that all agree. */
  driver: 'libc' | 'node';
  /** Identities of directories nothing may be written into: the source and its parents inside the destination. */
  forbidden: string[];
  /** The destination existed before the run. */
  merged: boolean;
  /** The one file that is copied, and its name at the destination; null when a tree is. */
  rename: { from: RawPath; to: RawPath } | null;
  /** Marks the temporary names of this run (see `tree/temporary-name.ts`). */
  runMark: string;
  /** Bytes. */
  chunkSize: number;
  /** Chunks moved by one call. */
  batch: number;
  atomic: boolean;
  noClobber: boolean;
  update: boolean;
  checksum: boolean;
  archive: boolean;
  dereference: boolean;
  reflink: 'auto' | 'always' | 'never';
  sparse: 'auto' | 'always' | 'never';
  verify: boolean;
  /** Hash what is copied, for the manifest. */
  hash: boolean;
  fsync: boolean;
  dryRun: boolean;
  retries: number;
  /** The rate that all workers share, or null. */
  rate: RateLimit | null;
  /** Files of this size or more are handed back to be split among the workers. Infinity: never. */
  splitAbove: number;
  /** Report each entry (`EntryDone`), not just counts. */
  entries: boolean;
}

/** Some entries of one directory. */
export interface EntriesOfDirectory {
  dir: RawPath;
  /** Joined with `/`, which no name holds. */
  names: string;
  /** One letter per name. */
  types: string;
}

/** Some entries, of one directory or of several small ones. */
export interface EntriesJob {
  kind: 'entries';
  groups: EntriesOfDirectory[];
  /** Names that are copied although other names of the same file were seen: they lead their group of hard links. */
  leads?: boolean;
}

/** More names for a file that is already at the destination. */
export interface LinksJob {
  kind: 'links';
  /** Where the first name is, relative to the destination, and what it must still be. */
  target: RawPath;
  targetIdentity: string;
  /** sha256 of the content in hex, when it was asked for. */
  sha256?: string;
  /** Relative paths. */
  paths: RawPath[];
}

/** A file too big for one worker: made empty at its size under a temporary name. */
export interface SplitJob {
  kind: 'split';
  path: RawPath;
}

/** A piece of a split file. */
export interface RangeJob {
  kind: 'range';
  path: RawPath;
  split: Split;
  /** Bytes, `end` not included. */
  start: number;
  end: number;
}

/** The last step of a split file. */
export interface PublishJob {
  kind: 'publish';
  path: RawPath;
  split: Split;
}

/** The split is given up: its temporary file goes. */
export interface DiscardJob {
  kind: 'discard';
  path: RawPath;
  split: Split;
}

/** A split file as its workers know it. */
export interface Split {
  temporary: RawPath;
  /** What the source was when the split began; it must not have changed at the end. */
  sourceIdentity: string;
  size: number;
  mtime: number;
  mtimeNs: number;
}

/** Directories get what can only be set when nothing more is put into them. */
export interface FinishJob {
  kind: 'finish';
  /** This run's own: they get their source's mode, times and other metadata. */
  made: RawPath[];
  /** Everything below is finished: modes that lock us out may be set. */
  last: boolean;
  /** Those that were there before: they get the times, with `archive` the rest too. */
  kept: RawPath[];
}

/** Entries of destination directories that the source does not have are removed. */
export interface DeleteJob {
  kind: 'delete';
  dir: RawPath;
  names: string;
}

export type Job = EntriesJob | LinksJob | SplitJob | RangeJob | PublishJob | DiscardJob | FinishJob | DeleteJob;

/** What happened to one entry. */
export interface EntryDone {
  path: RawPath;
  type: TypeLetter | 'h';
  action: 'copied' | 'unchanged' | 'deleted';
  bytes: number;
  sha256?: string;
}

/** A file left for the parent to place, because other workers have a part in it. */
export interface Deferred {
  path: RawPath;
  size: number;
  type: TypeLetter;
  /** Of its group of hard links. */
  identity: string;
  nlink: number;
}

/** The answer to a job. */
export interface Report {
  files: number;
  directories: number;
  symlinks: number;
  hardlinks: number;
  special: number;
  unchanged: number;
  failed: number;
  deleted: number;
  /** Of file contents copied. */
  bytes: number;
  /** Of the names of an `EntriesJob`, how many are settled or deferred; the rest is handed back. */
  next: number;
  /** Destination directories of this run's making, and others it has entered. */
  made: RawPath[];
  kept: RawPath[];
  hardLinked: Deferred[];
  big: Deferred[];
  /** Destination identity of a file copied with `leads`. */
  leader: string;
  split: Split | null;
  /** Directories of a `FinishJob` whose mode would lock us out of what is below: to be finished after all others. */
  locking: RawPath[];
  /** Why a job that is not about entries failed as a whole. */
  failure: Failure | null;
  /** The destination is full: the rest was not tried. */
  full: boolean;
  worker: number;
  /** What could not be preserved, counted by kind. */
  lost: Record<string, number>;
  entries: EntryDone[];
  /** Milliseconds of work. */
  busyMs: number;
  /** What its entries cost, one by one. */
  sample: Sample;
}

/** What a worker tells in the middle of a job. */
export type WorkerEvent =
  | {
      type: 'progress';
      worker: number;
      path: RawPath;
      /** Bytes of the file in hand, and its size. */
      done: number;
      size: number;
      /** Bytes of the job so far, the file in hand included. */
      bytes: number;
    }
  | { type: 'failed'; failure: Failure };
