import type { Failure } from '../api/errors.ts';
import type { FileEvent, Totals } from '../api/events.ts';
import type { RawPath } from '../api/names.ts';
import type { TypeLetter } from '../fs/file-system.ts';
import type { Job, Split } from './jobs.ts';

/** What happened to one entry. */
export interface EntryResult extends Omit<FileEvent, 'type' | 'kind' | 'dryRun'> {
  type: TypeLetter | 'h';
}

/** A file that the parent schedules, because other workers are involved. */
export interface Deferred {
  /** Index of the entry in its job. */
  index: number;
  size: number;
  /** Identity that its hard links share. */
  identity: string;
  nlink: number;
}

/** The first name of a hard-linked file. */
export interface Primary {
  /** Index of the entry in its job. */
  index: number;
  /** Identity of the file at the destination. */
  identity: string;
  /** In hex, when requested. */
  sha256?: string;
}

/** The answer to a job. */
export interface Report extends Totals {
  /** Sizes of the files that are settled (copied, unchanged, skipped or failed) and not deferred, as far as known. */
  settledBytes: number;
  /** How many names of an `EntriesJob` are settled or deferred; the rest is handed back. */
  next: number;
  /** Destination directories that this run made, and others that it entered. */
  made: RawPath[];
  kept: RawPath[];
  hardLinked: Deferred[];
  /** Further names of files that were linked at once to a copy the worker knew of: how many, by the file's identity. */
  linked: Record<string, number>;
  big: Deferred[];
  /** First names of hard-linked files that are at the destination now. */
  primaries: Primary[];
  /** Of a `LinksJob`: paths that cannot be hard links at the destination. */
  unlinkable: RawPath[];
  split: Split | null;
  /** Directories of a `FinishJob` whose mode would deny us access below, to be finished last. */
  locking: RawPath[];
  /** With several machines: failures, which else are sent as events. A job may be done twice, and only one report counts. */
  failures: Failure[];
  /** Which machine did the job, where there are several. */
  machine?: string;
  /** Why the job failed as a whole. */
  failure: Failure | null;
  /** The destination is full; the rest was not tried. */
  full: boolean;
  worker: number;
  /** Metadata that could not be preserved, counted by kind. */
  lost: Record<string, number>;
  entries: EntryResult[];
  /** Milliseconds of work. */
  busyMs: number;
  /** Its slow steps, when the run is traced. */
  spans?: Span[];
}

/** A span of time, in milliseconds of the monotonic clock. */
export interface Span {
  what: Job['kind'] | 'directory' | 'entry' | 'wait';
  /** '' for none, or the top. */
  path: RawPath;
  fromMs: number;
  toMs: number;
}

/** A worker's work since its start. */
export interface WorkDone {
  /** Files; other entries count as a fraction of one. */
  entries: number;
  /** Of file contents. */
  bytes: number;
  /** Milliseconds on a processor or waiting for one, without other waits. */
  cpuMs: number;
}

/** The progress of a worker. */
export interface Progress {
  type: 'progress';
  worker: number;
  path: RawPath;
  /** Bytes of the current file, and its size. */
  done: number;
  size: number;
  part?: { number: number; of: number };
  /** Bytes of the job so far, the current file included. */
  bytes: number;
  work: WorkDone;
  /** Whose worker it is, where there are several machines. */
  machine?: string;
}

/** Events that a worker sends during a job. */
export type WorkerEvent =
  | Progress
  /** A destination directory that denied its owner access is made accessible; this was its mode. */
  | { type: 'opened'; path: RawPath; mode: number }
  | { type: 'failed'; failure: Failure };
