import type { RawPath } from '../api/names.ts';
import type { Root } from '../fs/directories.ts';

/** What the tasks of a worker are called between the parent and its workers. */
export const WORKER_TASKS = 'pcopy:worker';

/** What a worker notes while it has no entry in hand; else it notes the entry's index in its job. */
export const NO_CURRENT_ENTRY = 0xffffffff;

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
  /** Identities of what nothing may be written into: the source, its parents inside the destination, its parts mounted there. */
  forbidden: string[];
  /** The destination existed before the run. */
  merged: boolean;
  /** It was empty and ours, and gives no access rights of its own to what is made in it. */
  beganEmpty: boolean;
  /** The one file that is copied, and its name at the destination; null when a tree is. */
  rename: { from: RawPath; to: RawPath } | null;
  /** When the run began, in milliseconds since 1970. */
  beganMs: number;
  /** Marks the temporary names of this run (see `fs/temporary-name.ts`). */
  runMark: string;
  /** Bytes. */
  chunkSize: number;
  /** Chunks moved by one call. */
  batch: number;
  atomic: boolean;
  ifExists: 'replace' | 'skip' | 'error' | 'older';
  update: boolean;
  checksum: boolean;
  /** What is of another type is removed, not here, before an entry is copied to its place. */
  mirror: boolean;
  archive: boolean;
  dereference: boolean;
  reflink: 'auto' | 'always' | 'never';
  sparse: 'auto' | 'always' | 'never';
  verify: boolean;
  partial: boolean;
  /** Hash what is copied, for the manifest. */
  hash: boolean;
  fsync: boolean;
  dryRun: boolean;
  retries: number;
  /** The rate that all workers share, or null. */
  rate: RateLimit | null;
  /** Files of this size or more are handed back to be split among the workers. Infinity: never. */
  splitAbove: number;
  /** Report what took long (`Span`). */
  trace: boolean;
  /** Report each entry (`EntryResult`), not just counts. */
  entries: boolean;
}
