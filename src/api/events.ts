import type { Failure } from './errors.ts';

/** The kinds of entries that are counted apart. */
export type Kind = 'file' | 'directory' | 'symlink' | 'hardlink' | 'fifo' | 'socket' | 'device';

/** What is finished. Bytes are those of file contents, holes included. */
export interface Totals {
  files: number;
  directories: number;
  symlinks: number;
  hardlinks: number;
  /** FIFOs, sockets and devices. */
  special: number;
  bytes: number;
  /** Left as they are by a policy the user asked for (-n, -u). */
  unchanged: number;
  /** Skipped because of their type (no -a). Counted by kind in `skips`. */
  skipped: number;
  failed: number;
  deleted: number;
}

/** Nothing is finished yet. */
export function noTotals(): Totals {
  return {
    files: 0,
    directories: 0,
    symlinks: 0,
    hardlinks: 0,
    special: 0,
    bytes: 0,
    unchanged: 0,
    skipped: 0,
    failed: 0,
    deleted: 0,
  };
}

/** What the listing has found so far. */
export interface Found {
  /** Entries that will be copied: everything but directories. */
  files: number;
  directories: number;
  /** Bytes of the regular files found, or null when they are not known, or not yet. */
  bytes: number | null;
  /** The listing has ended: the numbers are totals. */
  complete: boolean;
}

/** One worker as it is seen now. */
export interface WorkerView {
  /** 0 to jobs - 1. */
  index: number;
  /** The file in hand, as bytes, relative to the source; '' when idle. */
  path: string;
  /** Bytes of that file done, and its size; of the part, where several workers share the file. 0 and 0 when idle or not yet known. */
  done: number;
  size: number;
  /** Which part of the file it is, from 1 on, and of how many. */
  part?: { number: number; of: number };
  /** Milliseconds since it last reported. A worker with a file in hand that is silent for long is stalled. */
  silentMs: number;
}

/** Everything that progress is drawn from. A plain value: later changes do not show in it. */
export interface Snapshot {
  elapsedMs: number;
  found: Found;
  totals: Totals;
  /** Entries other than directories that are settled: copied, unchanged, skipped or failed. */
  settled: number;
  /** Bytes of settled entries, plus those of the files in hand; what a bar of bytes shows. Never goes back. */
  settledBytes: number;
  /** Bytes that were really copied, those of the files in hand included. Never goes back; the rate comes from it. */
  movedBytes: number;
  /** Bytes per second that the run is held to, or null. */
  limit: number | null;
  workers: WorkerView[];
}

/** What a progress bar or a log shows, made of a snapshot and of those before it. */
export interface Reading {
  /** 0 to 1, never less than before, 1 only when the run went to its end; null while the listing still finds more. */
  fraction: number | null;
  /** The same in percent, with one decimal, rounded down. */
  percent: number | null;
  /** The totals are only what was found so far. */
  growing: boolean;
  files: number;
  filesTotal: number;
  bytes: number;
  /** null when sizes are not known, or not yet. */
  bytesTotal: number | null;
  failed: number;
  /** Of the last seconds; at the end, of the whole run. */
  bytesPerSecond: number;
  elapsedMs: number;
  /** Milliseconds left; null when that cannot be known. */
  etaMs: number | null;
  /** Milliseconds since the last news of any kind, from 10 s on; else 0. */
  stalledMs: number;
  /** The run has ended, complete or not. */
  ended: boolean;
}

/** Busy shares of 0 to 1, over the run. */
export interface Load {
  /** How much of the time the workers had work, each. */
  workers: number[];
  /** How much of the time the listing waited for the workers. */
  listingWaited: number;
  /** How much of the time nothing at all was heard for 10 s or more. */
  stalled: number;
  /** With `jobs: 'auto'`: how many workers there could be at the start and at the end, and the most that were tried. */
  auto?: { first: number; last: number; most: number };
}

export type Outcome = 'complete' | 'incomplete' | 'refused' | 'stopped' | 'interrupted';

export interface Summary {
  outcome: Outcome;
  /** Nothing was changed: the totals say what would have been. */
  dryRun: boolean;
  source: string;
  destination: string;
  /** The destination existed and was merged into. */
  merged: boolean;
  totals: Totals;
  elapsedMs: number;
  /** What could not be preserved, counted by kind: `{ owner: 120, acl: 3 }`. */
  notPreserved: Record<string, number>;
  /** Entries skipped for their type: `{ fifo: 1 }`. */
  skips: Record<string, number>;
  failures: Failure[];
  /** Failures beyond those kept in `failures` (1000). */
  moreFailures: number;
  load: Load;
  driver: 'libc' | 'node';
  /** Why it was refused or stopped. */
  reason?: { path: string; message: string; code: string };
}

export interface FileEvent {
  type: 'file';
  path: string;
  kind: Kind;
  /** `copied` stands for made too; `deleted` paths are relative to the destination. */
  action: 'copied' | 'unchanged' | 'deleted';
  bytes: number;
  /** Its path at the destination, where `rename` has given it or a directory above it another name. */
  as?: string;
  /** With verify or manifest: sha256 in hex. */
  sha256?: string;
  /** Nothing was done: the action is what would be. */
  dryRun?: true;
  /** Of a dry run: something that exists would lose its place to it. */
  replaces?: true;
}

export interface SkipEvent {
  type: 'skip';
  path: string;
  kind: Kind;
  reason: string;
}

export interface WarnEvent {
  type: 'warn';
  path: string;
  code: string;
  message: string;
}

/** What a run tells while it goes on. Paths are bytes, one character each, relative to the source unless said otherwise. */
export type CopyEvent =
  | {
      type: 'start';
      source: string;
      destination: string;
      /** Workers, with `auto` those at the start. */
      jobs: number;
      driver: 'libc' | 'node';
      merged: boolean;
      dryRun: boolean;
      /** One file is copied: its name, which is the path of its events, and its name at the destination. */
      single?: { name: string; as: string };
      /**
       * There are several sources: so many entries of this directory are copied, and nothing else of it. Of each directory
       * that sources lie in there is a `start`.
       */
      sources?: number;
    }
  | { type: 'scan'; found: Found }
  | { type: 'progress'; snapshot: Snapshot; reading: Reading }
  | FileEvent
  | { type: 'error'; failure: Failure }
  | SkipEvent
  | WarnEvent
  | { type: 'end'; summary: Summary };
