import { RefusedError, UsageError } from '../api/errors.ts';
import type { Outcome } from '../api/events.ts';

/** Signals that end a run; the exit code is 128 plus the number. */
export const SIGNAL_CODES = { SIGHUP: 129, SIGINT: 130, SIGTERM: 143 } as const;

export type EndingSignal = keyof typeof SIGNAL_CODES;

/** Their meanings, for the help and the man page. */
export const EXIT_CODES: readonly (readonly [codes: string, meaning: string])[] = [
  ['0', 'everything selected is at the destination'],
  ['1', 'the run finished, but some entries could not be copied'],
  ['2', 'bad usage, nothing was touched'],
  ['3', 'refused before anything was written'],
  ['4', 'stopped in the middle'],
  ['129, 130, 143', 'interrupted by SIGHUP, SIGINT, SIGTERM'],
];

/** @param signal the signal that interrupted the run; an abort through the library counts as SIGINT */
export function exitCodeOf(outcome: Outcome, signal: EndingSignal | undefined): number {
  const interrupted = SIGNAL_CODES[signal ?? 'SIGINT'];
  return { complete: 0, incomplete: 1, refused: 3, stopped: 4, interrupted }[outcome];
}

/** The code for an exception: bad usage, an impossible start, or an unexpected error. */
export function exitCodeOfError(error: unknown): number {
  if (error instanceof UsageError) return 2;
  return error instanceof RefusedError ? 3 : 4;
}

/** Requested output that could not be written turns success into failure; a failure keeps its own code. */
export function withOutput(code: number, outputLost: boolean): number {
  return code === 0 && outputLost ? 1 : code;
}
