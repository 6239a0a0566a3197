import type { CopyEvent } from '../api/events.ts';
import { printable } from '../api/names.ts';
import { clock } from './format.ts';
import { Meter } from './meter.ts';
import { logLine, STALLED_MS } from './progress-line.ts';
import type { Reporter, Say } from './ui.ts';

const INTERVAL_MS = 5_000;

/** For a log: a line each five seconds, nothing for a run shorter than that. */
export class PlainReporter implements Reporter {
  readonly #meter = new Meter();
  readonly #say: Say;
  readonly #timer: NodeJS.Timeout;
  #observedAt = Date.now();

  constructor(say: Say) {
    this.#say = say;
    // The clock and not the events: a run that hangs on a dead server must go on saying so.
    this.#timer = setInterval(() => this.#tick(), INTERVAL_MS).unref();
  }

  onEvent(event: CopyEvent): void {
    switch (event.type) {
      case 'scan':
        this.#meter.observe({ ...this.#meter.snapshot, found: event.found });
        return;
      case 'progress':
        this.#observedAt = Date.now();
        this.#meter.observe(event.snapshot);
        return;
      case 'end':
        this.close();
        return;
      case 'start':
      case 'file':
      case 'error':
      case 'skip':
      case 'warn':
        return;
    }
  }

  close(): void {
    clearInterval(this.#timer);
  }

  #tick(): void {
    const since = Date.now() - this.#observedAt;
    this.#say(`pcopy: ${logLine(this.#meter.reading(since))}`);
    for (const { index, path, silentMs } of this.#meter.snapshot.workers) {
      if (path === '' || silentMs + since < STALLED_MS) continue;
      this.#say(`pcopy: worker ${index + 1} silent for ${clock(silentMs + since)} on ${printable(path)}`);
    }
  }
}
