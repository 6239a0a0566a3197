import type { CopyEvent, Snapshot } from '../api/events.ts';

/**
 * Someone who is told what a run does: a bar, a log, a JSON stream. Must not throw and must not wait: it is called from the
 * loop that hands out work.
 */
export interface Reporter {
  onEvent(event: CopyEvent): void;
  /** After the last event, also when the run ended without an `end`. */
  close?(): void;
}

/** One line for people, without its line feed, control bytes already escaped. */
export type Say = (line: string) => void;

/** All of them, in order. */
export function combine(reporters: readonly Reporter[]): Required<Reporter> {
  return {
    onEvent: (event) => {
      for (const reporter of reporters) reporter.onEvent(event);
    },
    close: () => {
      for (const reporter of reporters) reporter.close?.();
    },
  };
}

/** Before the first progress event there is nothing to show but this. */
export const NOTHING_YET: Snapshot = {
  elapsedMs: 0,
  found: { files: 0, directories: 0, bytes: null, complete: false },
  totals: {
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
  },
  settled: 0,
  settledBytes: 0,
  sample: { n: 0, b: 0, t: 0, bb: 0, bt: 0, tt: 0 },
  limit: null,
  workers: [],
};
