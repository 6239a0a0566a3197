import type { CopyEvent } from '../api/events.ts';

/**
 * Shows a run: a bar, a log, a JSON stream. Must not throw and must not block: it is called from the loop that hands out
 * work.
 */
export interface Reporter {
  onEvent(event: CopyEvent): void;
  /** After the last event, also when the run ended without an `end`. */
  close?(): void;
}

/** Prints one line, given without its line feed and with control bytes escaped. */
export type Print = (line: string) => void;
