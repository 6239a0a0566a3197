import type { CopyEvent, Snapshot, Summary } from '../api/events.ts';
import { isUtf8, type RawPath, toBytes, toText } from '../api/names.ts';
import type { JsonEvent, JsonPath, JsonProgress } from './json-events.ts';
import { Meter } from './meter.ts';
import type { Reporter } from './ui.ts';

/** `scan` and `progress` come no more often than this. */
const INTERVAL_MS = 1_000;

export interface JsonOptions {
  write: (line: string) => void;
  version: string;
  dryRun: boolean;
  /** The two paths as typed, for an `end` that comes before any `start`. */
  source: RawPath;
  destination: RawPath;
  exitCodeOf: (summary: Summary) => number;
}

/** The run as one JSON object a line. */
export class JsonReporter implements Reporter {
  readonly #options: JsonOptions;
  readonly #meter = new Meter();
  #scannedAt = Number.NEGATIVE_INFINITY;
  #progressAt = Number.NEGATIVE_INFINITY;
  /** The latest progress came too soon after the one before to be written. */
  #isHeld = false;
  #ended = false;

  constructor(options: JsonOptions) {
    this.#options = options;
  }

  onEvent(event: CopyEvent): void {
    if (this.#ended || !this.#isDue(event)) return;
    if (event.type === 'end') this.#finish(event.summary);
    this.#write(this.#convert(event));
  }

  /** The run was given up before it could say `end` itself: bad usage, or an error nobody expected. */
  endWithout(exitCode: number, message: string, code: string): void {
    if (this.#ended) return;
    this.#ended = true;
    const { source, destination, dryRun } = this.#options;
    this.#write({
      type: 'end',
      outcome: exitCode === 2 || exitCode === 3 ? 'refused' : 'stopped',
      exitCode,
      dryRun,
      ...named('source', source),
      ...named('destination', destination),
      merged: false,
      totals: this.#meter.snapshot.totals,
      elapsedMs: this.#meter.snapshot.elapsedMs,
      notPreserved: {},
      skips: {},
      load: { workers: [], listingWaited: 0 },
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
      this.#meter.observe(event.snapshot);
      this.#isHeld = now - this.#progressAt < INTERVAL_MS;
      if (this.#isHeld) return false;
      this.#progressAt = now;
    }
    return true;
  }

  /** The last progress is where the run ended: at 100 % when it went to its end. */
  #finish(summary: Summary): void {
    this.#ended = true;
    this.#meter.finish(summary);
    const wasTold = this.#progressAt > Number.NEGATIVE_INFINITY;
    if (wasTold && (this.#isHeld || this.#meter.reading().fraction === 1)) {
      this.#write(this.#progressOf(this.#meter.snapshot));
    }
  }

  #convert(event: CopyEvent): JsonEvent {
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
        return this.#progressOf(event.snapshot);
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

  #progressOf(snapshot: Snapshot): JsonProgress {
    const { fraction, etaMs, bytesPerSecond } = this.#meter.reading();
    const left = fraction === 1 ? 0 : etaMs;
    const { sample: _sample, limit: _limit, ...shown } = snapshot;
    return {
      type: 'progress',
      percent: fraction === null ? null : Math.floor(fraction * 1000) / 10,
      etaMs: left === null ? null : Math.round(left),
      bytesPerSecond: Math.round(bytesPerSecond),
      ...shown,
      elapsedMs: Math.round(snapshot.elapsedMs),
      workers: snapshot.workers.map((worker) => ({
        ...worker,
        silentMs: Math.round(worker.silentMs),
        ...pathOf(worker.path),
      })),
    };
  }

  #endOf(summary: Summary): JsonEvent {
    const { outcome, dryRun, merged, totals, elapsedMs, notPreserved, skips, load, reason } = summary;
    return {
      type: 'end',
      outcome,
      exitCode: this.#options.exitCodeOf(summary),
      dryRun,
      // A refused run may not have come to know its paths.
      ...named('source', summary.source || this.#options.source),
      ...named('destination', summary.destination || this.#options.destination),
      merged,
      totals,
      elapsedMs: Math.round(elapsedMs),
      notPreserved,
      skips,
      load: { workers: load.workers.map(thousandths), listingWaited: thousandths(load.listingWaited) },
      ...(reason && { reason: { ...reason, ...pathOf(reason.path) } }),
    };
  }

  #write(event: JsonEvent): void {
    this.#options.write(`${toLine(event)}\n`);
  }
}

/** JSON in which nothing can act on a terminal: what JSON itself leaves bare (DEL, C1, text direction) is escaped too. */
export function toLine(event: JsonEvent): string {
  return JSON.stringify(event).replace(
    /[\x7f-\x9f\u200e\u200f\u2028-\u202e\u2066-\u2069]/g,
    (c) => `\\u${c.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
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
