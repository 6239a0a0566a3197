import { constants } from 'node:os';
import { type EndingSignal, SIGNAL_CODES } from './exit-codes.ts';

export interface SignalHandlers {
  /** The first signal: end cleanly. */
  stop(signal: EndingSignal): void;
  /** A second signal, or the first after the run has ended: exit at once. */
  leave(code: number): void;
  /** SIGUSR2, and SIGINFO (Ctrl-T) where it exists: print the progress. */
  status(): void;
}

export interface Signals {
  /** The signal that came first. */
  readonly received: EndingSignal | undefined;
  /** The run has ended; the next signal drops the remaining output. */
  ended(): void;
}

/** Node has no way to ask, so the names are looked up: SIGINFO is BSD and macOS, Windows has neither. */
const STATUS_SIGNALS = ['SIGUSR2', 'SIGINFO'] as const;

/** `timeout` and some shells signal a process and then its group: the same signal within this time, in milliseconds, counts once. */
const ECHO_MS = 50;

export function watchSignals(
  handlers: SignalHandlers,
  source: NodeJS.EventEmitter = process,
  now = (): number => performance.now(),
): Signals {
  const state: { received: EndingSignal | undefined; at: number; ended: boolean } = {
    received: undefined,
    at: 0,
    ended: false,
  };
  for (const signal of Object.keys(SIGNAL_CODES) as EndingSignal[]) {
    source.on(signal, () => {
      if (signal === state.received && now() - state.at < ECHO_MS) return;
      if (state.received !== undefined || state.ended) handlers.leave(SIGNAL_CODES[signal]);
      else {
        state.received = signal;
        state.at = now();
        handlers.stop(signal);
      }
    });
  }
  for (const signal of STATUS_SIGNALS) {
    if (signal in constants.signals) source.on(signal, () => handlers.status());
  }
  return {
    get received() {
      return state.received;
    },
    ended: () => {
      state.ended = true;
    },
  };
}
