import type { CopyEvent } from '../api/events.ts';
import { printable } from '../api/names.ts';
import { clock } from './format.ts';
import type { LastReading } from './last-reading.ts';
import { machineLogLine } from './machine-line.ts';
import { logLine, STALLED_MS } from './progress-line.ts';
import type { Print, Reporter } from './ui.ts';

const INTERVAL_MS = 5_000;
/** Machines that a log names each time. */
const MOST_MACHINES = 16;

/** Progress for a log: a line every five seconds, nothing for a shorter run. */
export class PlainReporter implements Reporter {
  readonly #last: LastReading;
  readonly #print: Print;
  readonly #timer: NodeJS.Timeout;

  constructor(print: Print, last: LastReading) {
    this.#print = print;
    this.#last = last;
    // By a timer, not by events: a run that hangs on a dead server must keep reporting that.
    this.#timer = setInterval(() => this.#tick(), INTERVAL_MS).unref();
  }

  onEvent(event: CopyEvent): void {
    if (event.type === 'end') this.close();
  }

  close(): void {
    clearInterval(this.#timer);
  }

  #tick(): void {
    const reading = this.#last.now();
    this.#print(`pcopy: ${logLine(reading)}`);
    const { machines = [] } = reading;
    for (const machine of machines.slice(0, MOST_MACHINES)) this.#print(`pcopy: ${machineLogLine(machine)}`);
    if (machines.length > MOST_MACHINES) this.#print(`pcopy: and ${machines.length - MOST_MACHINES} more machines`);
    for (const { index, path, silentMs } of this.#last.workers()) {
      if (path === '' || silentMs < STALLED_MS) continue;
      this.#print(`pcopy: worker ${index + 1} silent for ${clock(silentMs)} on ${printable(path)}`);
    }
  }
}
