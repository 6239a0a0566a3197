import type { Failure } from './errors.ts';

/** Kinds of entries, each with a counter of its own. */
export type Kind = 'file' | 'directory' | 'symlink' | 'hardlink' | 'fifo' | 'socket' | 'device';

/** Finished entries. Bytes are those of file contents, holes included. */
export interface Totals {
  files: number;
  directories: number;
  symlinks: number;
  hardlinks: number;
  /** FIFOs, sockets and devices. */
  special: number;
  bytes: number;
  /** Left alone because of an option (-n, -u). */
  unchanged: number;
  /** Skipped because of their type (no -a). Counted by kind in `skips`. */
  skipped: number;
  failed: number;
  deleted: number;
}

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

/** The state of one worker. */
export interface WorkerView {
  /** From 0; with `auto` or a broker it may exceed the `jobs` of the start event. */
  index: number;
  /** The current file, as bytes, relative to the source; '' when idle. */
  path: string;
  /** Bytes of that file (or of this worker's part of it) that are done, and its size. 0 when idle or not yet known. */
  done: number;
  size: number;
  /** Which part of a shared file it is, from 1, and of how many. */
  part?: { number: number; of: number };
  /** Milliseconds since it last reported. A worker that is silent for long while it has a file is stalled. */
  silentMs: number;
}

/** What one machine of a run with a broker does and has done so far. */
export interface MachineView {
  /** Host name and process id. */
  name: string;
  /** Its workers that have a file. */
  working: number;
  /** As in `machines` of the summary. */
  entries: number;
  /** Bytes copied, those of current files included. */
  bytes: number;
  /** Milliseconds since one of its workers last reported; 0 when none works. */
  silentMs: number;
}

/** The same with its rate. */
export interface MachineReading extends MachineView {
  /** Over the last seconds; at the end, over the whole run. */
  bytesPerSecond: number;
}

/** Everything that progress is shown from, as a copy that does not change. */
export interface Snapshot {
  elapsedMs: number;
  found: Found;
  totals: Totals;
  /** Entries other than directories that are settled: copied, unchanged, skipped or failed. */
  settled: number;
  /** Bytes of settled entries and of current files, for a bar of bytes. Never decreases. */
  settledBytes: number;
  /** Bytes really copied, those of current files included, for the rate. Never decreases. */
  movedBytes: number;
  /** The limit in bytes per second, or null. */
  limit: number | null;
  workers: WorkerView[];
  /** Of a run with a broker: in the order in which they were first heard of. */
  machines?: MachineView[];
}

/** What a progress bar or a log shows, derived from this snapshot and earlier ones. */
export interface Reading {
  /** 0 to 1, never decreasing, 1 only when the run was completed; null while the listing still finds more. */
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
  /** Over the last seconds; at the end, over the whole run. */
  bytesPerSecond: number;
  elapsedMs: number;
  /** Milliseconds left; null when that cannot be known. */
  etaMs: number | null;
  /** Milliseconds without any progress, from 10 s on; else 0. */
  stalledMs: number;
  /** The run has ended, complete or not. */
  ended: boolean;
  /** Of a run with a broker. */
  machines?: MachineReading[];
}

/** Busy shares of 0 to 1, over the run. */
export interface Load {
  /** Share of the time that each worker had work. */
  workers: number[];
  /** Share of the time that the listing waited for the workers. */
  listingWaited: number;
  /** Share of the time without any progress for 10 s or more. */
  stalled: number;
  /** With `jobs: 'auto'`: the number of workers at the start, at the end, and the largest that was tried. */
  auto?: { first: number; last: number; most: number };
}

export type Outcome = 'complete' | 'incomplete' | 'refused' | 'stopped' | 'interrupted';

export interface Summary {
  outcome: Outcome;
  /** Nothing was changed; the totals are those that a real run would have had. */
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
  /** Of a run with a broker: entries by the machine and process that was done with them. */
  machines?: Record<string, number>;
  driver: 'libc' | 'node';
  /** Why it was refused or stopped. */
  reason?: { path: string; message: string; code: string };
}

export interface FileEvent {
  type: 'file';
  path: string;
  kind: Kind;
  /** `copied` includes created; `deleted` paths are relative to the destination. */
  action: 'copied' | 'unchanged' | 'deleted';
  bytes: number;
  /** Its path at the destination, when `rename` changed its name or that of a directory above it. */
  as?: string;
  /** With verify or manifest: sha256 in hex. */
  sha256?: string;
  /** A dry run: the action is what a real run would do. */
  dryRun?: true;
  /** A dry run: it would replace something. */
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

export interface StartEvent {
  type: 'start';
  source: string;
  destination: string;
  /** Workers, with `auto` those at the start. */
  jobs: number;
  driver: 'libc' | 'node';
  merged: boolean;
  dryRun: boolean;
  /** A single file is copied: its name, which is the path of its events, and its name at the destination. */
  single?: { name: string; as: string };
  /**
   * With several sources: how many entries of this directory are copied. There is one `start` for each directory that
   * holds sources.
   */
  sources?: number;
}

/** What happens during a run. Paths are bytes, one character each, relative to the source unless said otherwise. */
export type CopyEvent =
  | StartEvent
  | { type: 'scan'; found: Found }
  | { type: 'progress'; snapshot: Snapshot; reading: Reading }
  | FileEvent
  | { type: 'error'; failure: Failure }
  | SkipEvent
  | WarnEvent
  | { type: 'end'; summary: Summary };
