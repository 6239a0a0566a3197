import { constants } from 'node:os';
import { type EndingSignal, SIGNAL_CODES } from './exit-codes.ts';

export interface SignalHandlers {
  /** The first signal: end in good order. */
  stop(signal: EndingSignal): void;
  /** Another one, or the first when there is nothing left to end: leave at once. */
  leave(code: number): void;
  /** SIGUSR2, and SIGINFO (Ctrl-T) where it exists: say where the run is. */
  status(): void;
}

export interface Signals {
  /** The signal that came first. */
  readonly received: EndingSignal | undefined;
  /** The run has ended: what is still to come is output, and the next signal gives that up. */
  ended(): void;
}

/** Node has no way to ask, so the names are looked up: SIGINFO is BSD and macOS, Windows has neither. */
const STATUS_SIGNALS = ['SIGUSR2', 'SIGINFO'] as const;

/** `timeout` and some shells signal a process and then its whole group: the same signal so soon is not a second wish. */
const ECHO_MS = 50;

export function watchSignals(handlers: SignalHandlers, source: NodeJS.EventEmitter = process): Signals {
  const state: { received: EndingSignal | undefined; at: number; ended: boolean } = {
    received: undefined,
    at: 0,
    ended: false,
  };
  for (const signal of Object.keys(SIGNAL_CODES) as EndingSignal[]) {
    source.on(signal, () => {
      if (signal === state.received && performance.now() - state.at < ECHO_MS) return;
      if (state.received !== undefined || state.ended) handlers.leave(SIGNAL_CODES[signal]);
      else {
        state.received = signal;
        state.at = performance.now();
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
