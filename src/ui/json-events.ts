import type { Failure } from '../api/errors.ts';
import type {
  FileEvent,
  Found,
  MachineReading,
  Reading,
  SkipEvent,
  Snapshot,
  Summary,
  WarnEvent,
  WorkerView,
} from '../api/events.ts';

/**
 * The lines of `--progress json`, one object each; `events.schema.json` says the same as a JSON Schema. Paths are relative to
 * the source (of a `deleted` file: to the destination) and '' is the top itself. Where a path is not UTF-8, `path` holds
 * U+FFFD in its place and `pathBase64` the exact bytes.
 */
export type JsonEvent = JsonStart | JsonScan | JsonProgress | JsonFile | JsonError | JsonSkip | JsonWarn | JsonEnd;

/** Fields of every line. */
export interface JsonLine {
  /** Time of writing: ISO 8601, UTC, with milliseconds. */
  time: string;
}

export interface JsonPath {
  path: string;
  pathBase64?: string;
}

/** Absolute; as typed when the run was refused before they were resolved. */
export interface JsonEnds {
  source: string;
  sourceBase64?: string;
  destination: string;
  destinationBase64?: string;
}

export interface JsonStart extends JsonEnds, JsonLine {
  type: 'start';
  /** The version of pcopy. */
  version: string;
  jobs: number;
  driver: 'libc' | 'node';
  /** The destination directory existed. */
  merged: boolean;
  dryRun: boolean;
  /** One file is copied: its name, which is the path of its events, and its name at the destination. */
  single?: { name: string; nameBase64?: string; as: string; asBase64?: string };
  /** Several sources: how many entries of `source` are copied. There is one `start` for each directory that holds sources. */
  sources?: number;
}

/** What the listing has found: about once a second, and when it is complete. */
export interface JsonScan extends Found, JsonLine {
  type: 'scan';
}

/** About once a second, and before `end`. */
export interface JsonProgress
  extends JsonLine,
    Omit<Snapshot, 'movedBytes' | 'limit' | 'workers' | 'machines'>,
    Pick<Reading, 'etaMs' | 'bytesPerSecond' | 'stalledMs'> {
  type: 'progress';
  /**
   * 0 to 100, or null while the listing still finds more. Never decreases, and is 100 only in the last one of a completed
   * run.
   */
  percent: number | null;
  workers: JsonWorker[];
  /** Of a run with a broker. */
  machines?: MachineReading[];
}

export interface JsonWorker extends WorkerView, JsonPath {}

export interface JsonFile extends FileEvent, JsonPath, JsonLine {}

export interface JsonError extends Failure, JsonPath, JsonLine {
  type: 'error';
}

export interface JsonSkip extends SkipEvent, JsonPath, JsonLine {}

export interface JsonWarn extends WarnEvent, JsonPath, JsonLine {}

/** Always the last line. A run without it did not succeed. */
export interface JsonEnd
  extends JsonEnds,
    JsonLine,
    Pick<
      Summary,
      'outcome' | 'dryRun' | 'merged' | 'totals' | 'elapsedMs' | 'notPreserved' | 'skips' | 'load' | 'machines'
    > {
  type: 'end';
  exitCode: number;
  /** Why it was refused or stopped. */
  reason?: JsonPath & { code: string; message: string };
}
