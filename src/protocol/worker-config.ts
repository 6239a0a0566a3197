import type { Config } from '../api/config.ts';
import type { RawPath } from '../api/names.ts';
import type { Root } from '../fs/directories.ts';

/** The module name of a worker's tasks. */
export const WORKER_TASKS = 'pcopy:worker';

/** A worker's note while it has no entry; else the note is the entry's index in its job. */
export const NO_CURRENT_ENTRY = 0xffffffff;

/** A rate shared by all workers, through the length of a file. */
export interface RateLimit {
  path: string;
  bytesPerSecond: number;
  /** One byte of the file stands for the time that this many bytes take. */
  unit: number;
  /** When the run began, on the system's monotonic clock, in milliseconds. */
  startMs: number;
}

/** The options of a run that its workers read as they are. */
export const WORKER_OPTIONS = [
  'chunkSize',
  'batch',
  'atomic',
  'ifExists',
  'update',
  'checksum',
  'archive',
  'dereference',
  'reflink',
  'sparse',
  'verify',
  'partial',
  'fsync',
  'dryRun',
  'retries',
] as const satisfies readonly (keyof Config)[];

export type WorkerOptions = Pick<Config, (typeof WORKER_OPTIONS)[number]>;

/** The configuration of a worker. */
export interface WorkerConfig extends WorkerOptions {
  source: Root;
  destination: Root;
  /** The parent's driver, used by all workers. */
  driver: 'libc' | 'node';
  /** Identities of directories that must not be written into: the source, its parents inside the destination, its parts mounted there. */
  forbidden: string[];
  /** The destination existed before the run. */
  merged: boolean;
  /** It was empty, owned by us, and has no default ACL. */
  beganEmpty: boolean;
  /** The single file that is copied, and its name at the destination; null for a tree. */
  single: { from: RawPath; to: RawPath } | null;
  /** When the run began, in milliseconds since 1970. */
  beganMs: number;
  /** Marks the temporary names of this run (see `fs/temporary-name.ts`). */
  runMark: string;
  /** The same of the process that leads the run: for what outlives the job that makes it. */
  leaderMark: string;
  /** The parent removes an existing entry of another type before the copy takes its place. */
  mirror: boolean;
  /** Hash what is copied, for the manifest. */
  hash: boolean;
  /** The rate that all workers share, or null. */
  rate: RateLimit | null;
  /**
   * Of a run that several machines share: the file that says until when its workers may go on (see `protocol/lease.ts`). Jobs of
   * such a run may be done by two workers at once. null: all workers are those of this process.
   */
  lease: string | null;
  /** Files of this size or more are handed back to be split among the workers. Infinity: never. */
  splitAbove: number;
  /** Report slow steps (`Span`). */
  trace: boolean;
  /** Report each entry (`EntryResult`), not just counts. */
  entries: boolean;
}
