import { type CopyEvent, noTotals, type Summary } from '../api/events.ts';
import { isUtf8, type RawPath, toBytes, toText } from '../api/names.ts';
import type { JsonEnd, JsonEvent, JsonPath, JsonProgress } from './json-events.ts';
import { LastReading } from './last-reading.ts';
import type { Reporter } from './ui.ts';

/** Milliseconds between two `scan` or `progress` lines. */
const INTERVAL_MS = 1_000;

export interface JsonOptions {
  write: (line: string) => void;
  version: string;
  dryRun: boolean;
  /** The two paths as typed, for an `end` that comes before any `start`. */
  source: RawPath | null;
  destination: RawPath;
  exitCodeOf: (summary: Summary) => number;
}

/** A line without its time. */
type Fields<Line> = Line extends JsonEvent ? Omit<Line, 'time'> : never;

/** The run as one JSON object a line. */
export class JsonReporter implements Reporter {
  readonly #options: JsonOptions;
  readonly #last: LastReading;
  #scannedAt = Number.NEGATIVE_INFINITY;
  #progressAt = Number.NEGATIVE_INFINITY;
  #ended = false;

  constructor(options: JsonOptions, last = new LastReading()) {
    this.#last = last;
    this.#options = options;
  }

  onEvent(event: CopyEvent): void {
    if (this.#ended || !this.#isDue(event)) return;
    if (event.type === 'end') this.#ended = true;
    this.#write(this.#convert(event));
  }

  /** Writes the `end` of a run that had none: bad usage, or an unexpected error. */
  endWithout(exitCode: number, message: string, code: string): void {
    if (this.#ended) return;
    this.#ended = true;
    const { source, destination, dryRun } = this.#options;
    this.#write({
      type: 'end',
      outcome: exitCode === 2 || exitCode === 3 ? 'refused' : 'stopped',
      exitCode,
      dryRun,
      ...named('source', source ?? ''),
      ...named('destination', destination),
      merged: false,
      totals: this.#last.totals ?? noTotals(),
      elapsedMs: Math.round(this.#last.now().elapsedMs),
      notPreserved: {},
      skips: {},
      load: { workers: [], listingWaited: 0, stalled: 0 },
      reason: { path: '', code, message },
    });
  }

  #isDue(event: CopyEvent): boolean {
    const now = performance.now();
    if (event.type === 'scan' && !event.found.complete) {
      if (now - this.#scannedAt < INTERVAL_MS) return false;
      this.#scannedAt = now;
    }
    if (event.type === 'progress') {
      // The last one is always written: 100 % for a completed run.
      if (now - this.#progressAt < INTERVAL_MS && !event.reading.ended) return false;
      this.#progressAt = now;
    }
    return true;
  }

  #convert(event: CopyEvent): Fields<JsonEvent> {
    switch (event.type) {
      case 'start': {
        const { source, destination, single, ...rest } = event;
        return {
          ...rest,
          ...named('source', source),
          ...named('destination', destination),
          ...(single && { single: { ...named('name', single.name), ...named('as', single.as) } }),
          version: this.#options.version,
        };
      }
      case 'scan':
        return { type: 'scan', ...event.found };
      case 'progress':
        return progressOf(event);
      case 'error':
        return { type: 'error', ...event.failure, ...pathOf(event.failure.path) };
      case 'file':
      case 'skip':
      case 'warn':
        return { ...event, ...pathOf(event.path) };
      case 'end':
        return this.#endOf(event.summary);
    }
  }

  #endOf(summary: Summary): Fields<JsonEnd> {
    const { outcome, dryRun, merged, totals, elapsedMs, notPreserved, skips, load, machines, reason } = summary;
    return {
      type: 'end',
      outcome,
      exitCode: this.#options.exitCodeOf(summary),
      dryRun,
      // A refused run may not know its paths.
      ...named('source', summary.source || (this.#options.source ?? '')),
      ...named('destination', summary.destination || this.#options.destination),
      merged,
      totals,
      elapsedMs: Math.round(elapsedMs),
      notPreserved,
      skips,
      load: {
        workers: load.workers.map(thousandths),
        listingWaited: thousandths(load.listingWaited),
        stalled: thousandths(load.stalled),
        ...(load.auto && { auto: load.auto }),
      },
      ...(machines && { machines }),
      ...(reason && { reason: { ...reason, ...pathOf(reason.path) } }),
    };
  }

  #write(event: Fields<JsonEvent>): void {
    this.#options.write(`${toLine({ time: new Date().toISOString(), ...event })}\n`);
  }
}

/** JSON that is safe on a terminal: what JSON does not escape itself (DEL, C1, text direction) is escaped too. */
function toLine(event: JsonEvent): string {
  return JSON.stringify(event).replace(
    /[\x7f-\x9f\u200e\u200f\u2028-\u202e\u2066-\u2069]/g,
    (c) => `\\u${c.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
}

function progressOf({ snapshot, reading }: CopyEvent & { type: 'progress' }): Fields<JsonProgress> {
  const { movedBytes: _moved, limit: _limit, machines: _counts, ...shown } = snapshot;
  const { percent, etaMs, bytesPerSecond, stalledMs, machines } = reading;
  return {
    type: 'progress',
    percent,
    etaMs: etaMs === null ? null : Math.round(etaMs),
    bytesPerSecond: Math.round(bytesPerSecond),
    stalledMs: Math.round(stalledMs),
    ...shown,
    elapsedMs: Math.round(snapshot.elapsedMs),
    workers: snapshot.workers.map((worker) => ({
      ...worker,
      silentMs: Math.round(worker.silentMs),
      ...pathOf(worker.path),
    })),
    ...(machines && {
      machines: machines.map((machine) => ({
        ...machine,
        silentMs: Math.round(machine.silentMs),
        bytesPerSecond: Math.round(machine.bytesPerSecond),
      })),
    }),
  };
}

function thousandths(share: number): number {
  return Math.round(share * 1000) / 1000;
}

function pathOf(raw: RawPath): JsonPath {
  return named('path', raw);
}

function named<Name extends string>(name: Name, raw: RawPath) {
  const fields = {
    [name]: toText(raw),
    ...(isUtf8(raw) ? {} : { [`${name}Base64`]: toBytes(raw).toString('base64') }),
  };
  return fields as Record<Name, string> & Partial<Record<`${Name}Base64`, string>>;
}
