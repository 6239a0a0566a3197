import type { Failure } from '../api/errors.ts';
import type { FileEvent, Totals } from '../api/events.ts';
import type { RawPath } from '../api/names.ts';
import type { TypeLetter } from '../fs/file-system.ts';
import type { Job, Split } from './jobs.ts';

/** What happened to one entry. */
export interface EntryResult extends Omit<FileEvent, 'type' | 'kind' | 'dryRun'> {
  type: TypeLetter | 'h';
}

/** A file left for the parent to place, because other workers have a part in it. */
export interface Deferred {
  /** Of the entry in its job. */
  index: number;
  size: number;
  /** Of its group of hard links. */
  identity: string;
  nlink: number;
}

/** A first name of a file with several. */
export interface Primary {
  /** Of the entry in its job. */
  index: number;
  /** Of the file at the destination. */
  identity: string;
  /** In hex, when it was asked for. */
  sha256?: string;
}

/** The answer to a job. */
export interface Report extends Totals {
  /** Sizes of the files that are settled and not deferred, however it went, as far as they were seen. */
  settledBytes: number;
  /** Of the names of an `EntriesJob`, how many are settled or deferred; the rest is handed back. */
  next: number;
  /** Destination directories of this run's making, and others it has entered. */
  made: RawPath[];
  kept: RawPath[];
  hardLinked: Deferred[];
  /** Further names of files that were linked at once to a copy the worker knew of: how many, by the file's identity. */
  linked: Record<string, number>;
  big: Deferred[];
  /** The first names of files with several that are at the destination now. */
  primaries: Primary[];
  /** Of a `LinksJob`: paths that the destination cannot give a file as a further name. */
  unlinkable: RawPath[];
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
  entries: EntryResult[];
  /** Milliseconds of work. */
  busyMs: number;
  /** What took long in it, when the run is traced. */
  spans?: Span[];
}

/** A stretch of time, in milliseconds of the steady clock. */
export interface Span {
  what: Job['kind'] | 'directory' | 'entry' | 'wait';
  /** '' where it is about none, or the top. */
  path: RawPath;
  fromMs: number;
  toMs: number;
}

/** What a worker has done since it began. */
export interface WorkDone {
  /** Files; what is none counts as a part of one. */
  entries: number;
  /** Of file contents. */
  bytes: number;
  /** Milliseconds that it was on a processor, or waited for one; not those that it waited for anything else. */
  cpuMs: number;
}

/** How far a worker is. */
export interface Progress {
  type: 'progress';
  worker: number;
  path: RawPath;
  /** Bytes of the file in hand, and its size. */
  done: number;
  size: number;
  part?: { number: number; of: number };
  /** Bytes of the job so far, the file in hand included. */
  bytes: number;
  work: WorkDone;
}

/** What a worker tells in the middle of a job. */
export type WorkerEvent =
  | Progress
  /** A destination directory that is closed to its own user, us, is opened; its mode was this. */
  | { type: 'opened'; path: RawPath; mode: number }
  | { type: 'failed'; failure: Failure };
