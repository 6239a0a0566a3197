import type { CopyEvent } from '../api/events.ts';

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
