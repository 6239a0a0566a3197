import type { Found, Kind, Load, Outcome, Totals } from '../api/events.ts';

/**
 * The lines of `--progress json`, one object each; `events.schema.json` says the same as a JSON Schema. Paths are relative to
 * the source (of a `deleted` file: to the destination) and '' is the top itself. Where a path is not UTF-8, `path` holds
 * U+FFFD in its place and `pathBase64` the exact bytes.
 */
export type JsonEvent = JsonStart | JsonScan | JsonProgress | JsonFile | JsonError | JsonSkip | JsonWarn | JsonEnd;

/** What every line has. */
export interface JsonLine {
  /** When it was written, by the wall clock: ISO 8601, UTC, with milliseconds. */
  time: string;
}

export interface JsonPath {
  path: string;
  pathBase64?: string;
}

/** Absolute; as typed when the run was refused before they were looked at. */
export interface JsonEnds {
  source: string;
  sourceBase64?: string;
  destination: string;
  destinationBase64?: string;
}

export interface JsonStart extends JsonEnds, JsonLine {
  type: 'start';
  /** The version of pcopy that writes. */
  version: string;
  jobs: number;
  driver: 'libc' | 'node';
  /** The destination directory existed. */
  merged: boolean;
  dryRun: boolean;
  /** One file is copied: its name, which is the path of its events, and its name at the destination. */
  single?: { name: string; nameBase64?: string; as: string; asBase64?: string };
  /** Several sources: so many entries of `source` are copied. Each directory that sources lie in has its `start`. */
  sources?: number;
}

/** What the listing has found: about once a second, and when it is complete. */
export interface JsonScan extends Found, JsonLine {
  type: 'scan';
}

/** About once a second, and before `end`. */
export interface JsonProgress extends JsonLine {
  type: 'progress';
  elapsedMs: number;
  /**
   * 0 to 100, or null while the listing still finds more. Never less than before, and 100 only in the last one of a run that
   * went to its end.
   */
  percent: number | null;
  /** Milliseconds left, or null while that cannot be known. */
  etaMs: number | null;
  bytesPerSecond: number;
  /** Milliseconds since the last news, from 10 s on; else 0. */
  stalledMs: number;
  found: Found;
  totals: Totals;
  settled: number;
  settledBytes: number;
  workers: JsonWorker[];
}

export interface JsonWorker extends JsonPath {
  index: number;
  done: number;
  size: number;
  silentMs: number;
  /** Which part of the file it is, where several workers share it; `done` and `size` are the part's then. */
  part?: { number: number; of: number };
}

export interface JsonFile extends JsonPath, JsonLine {
  type: 'file';
  kind: Kind;
  action: 'copied' | 'unchanged' | 'deleted';
  bytes: number;
  sha256?: string;
  /** Nothing was done: the action is what would be. */
  dryRun?: true;
  /** Of a dry run: something that exists would lose its place to it. */
  replaces?: true;
}

export interface JsonError extends JsonPath, JsonLine {
  type: 'error';
  action: string;
  code: string;
  message: string;
  side: 'source' | 'destination';
  /** It stands for everything below the path too. */
  subtree?: boolean;
}

export interface JsonSkip extends JsonPath, JsonLine {
  type: 'skip';
  kind: Kind;
  reason: string;
}

export interface JsonWarn extends JsonPath, JsonLine {
  type: 'warn';
  code: string;
  message: string;
}

/** Always the last line. A run without it did not succeed. */
export interface JsonEnd extends JsonEnds, JsonLine {
  type: 'end';
  outcome: Outcome;
  exitCode: number;
  /** Nothing was changed: the totals say what would have been. */
  dryRun: boolean;
  merged: boolean;
  totals: Totals;
  elapsedMs: number;
  notPreserved: Record<string, number>;
  skips: Record<string, number>;
  load: Load;
  /** Why it was refused or stopped. */
  reason?: JsonPath & { code: string; message: string };
}
