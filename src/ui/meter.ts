import type { Found, Snapshot, Summary } from '../api/events.ts';
import { Eta, FILE_IN_BYTES } from './eta.ts';
import { NOTHING_YET } from './ui.ts';

/** What is drawn or logged, in whatever form. */
export interface Reading {
  /** 0 to 1, never less than before, 1 only when the run is settled; null while the listing still finds more. */
  fraction: number | null;
  /** The totals are only what was found so far. */
  growing: boolean;
  files: number;
  filesTotal: number;
  bytes: number;
  /** null when sizes are not taken. */
  bytesTotal: number | null;
  failed: number;
  bytesPerSecond: number;
  elapsedMs: number;
  /** null when it cannot be known, and when there is nothing left to wait for. */
  etaMs: number | null;
  /** The run has ended, settled or not. */
  ended: boolean;
}

/** The rate is that of the last seconds, not of the whole run: that is what a person sees change. */
const RATE_WINDOW_MS = 5_000;
/** Just under 1: everything seen is done, but the run has not said that it is settled. */
const ALMOST = 0.9999;

/** Turns snapshots into readings that keep the promises of a progress bar. Pure: no clock, no terminal. */
export class Meter {
  readonly #eta = new Eta();
  #last: Snapshot = NOTHING_YET;
  #best = 0;
  #samples: { ms: number; moved: number }[] = [{ ms: 0, moved: 0 }];
  #settled = false;
  #ended = false;

  get snapshot(): Snapshot {
    return this.#last;
  }

  observe(latest: Snapshot): void {
    const snapshot = { ...latest, found: known(this.#last.found, latest.found) };
    this.#last = snapshot;
    this.#eta.observe(snapshot);
    const ms = snapshot.elapsedMs;
    this.#samples.push({ ms, moved: moved(snapshot) });
    while (this.#samples.length > 2 && (this.#samples[1]?.ms ?? ms) < ms - RATE_WINDOW_MS) this.#samples.shift();
    if (snapshot.found.complete) this.#best = Math.max(this.#best, Math.min(ALMOST, fractionOf(snapshot)));
  }

  /** The last word of the run. Only one that went to its end is 100 %. */
  finish(summary: Summary): void {
    const { totals } = summary;
    this.#ended = true;
    this.#settled = summary.outcome === 'complete' || summary.outcome === 'incomplete';
    // What is skipped for its type was never counted as found.
    const done = totals.files + totals.symlinks + totals.hardlinks + totals.special + totals.unchanged;
    const settled = Math.max(this.#last.settled, done);
    const settledBytes = Math.max(this.#last.settledBytes, totals.bytes);
    const { found } = this.#last;
    this.#last = {
      ...this.#last,
      elapsedMs: summary.elapsedMs,
      totals,
      settled: this.#settled ? Math.max(settled, found.files) : settled,
      settledBytes: this.#settled ? Math.max(settledBytes, found.bytes ?? 0) : settledBytes,
      found: this.#settled ? { ...found, complete: true } : found,
      workers: [],
    };
    const seconds = summary.elapsedMs / 1000;
    this.#samples = [{ ms: 0, moved: 0 }];
    if (seconds > 0) this.#samples.push({ ms: summary.elapsedMs, moved: totals.bytes });
  }

  /** @param sinceMs time since the last snapshot, so that the clocks go on between two of them */
  reading(sinceMs = 0): Reading {
    const s = this.#last;
    const eta = this.#ended ? null : this.#eta.estimate(s);
    return {
      fraction: this.#settled ? 1 : s.found.complete ? this.#best : null,
      growing: !s.found.complete,
      files: s.settled,
      filesTotal: Math.max(s.found.files, s.settled),
      bytes: s.settledBytes,
      bytesTotal: s.found.bytes === null ? null : Math.max(s.found.bytes, s.settledBytes),
      failed: s.totals.failed,
      bytesPerSecond: this.#rate(),
      elapsedMs: s.elapsedMs + sinceMs,
      etaMs: eta === null ? null : Math.max(0, eta - sinceMs),
      ended: this.#ended,
    };
  }

  #rate(): number {
    const first = this.#samples[0];
    const last = this.#samples.at(-1);
    if (first === undefined || last === undefined || last.ms <= first.ms) return 0;
    return (Math.max(0, last.moved - first.moved) * 1000) / (last.ms - first.ms);
  }
}

/** Totals once known stay known: a run that has surveyed the tree before it lists it again knows them from then on. */
function known(before: Found, now: Found): Found {
  if (!before.complete || now.complete) return now;
  const bytes = before.bytes === null ? now.bytes : Math.max(before.bytes, now.bytes ?? 0);
  const directories = Math.max(before.directories, now.directories);
  return { files: Math.max(before.files, now.files), directories, bytes, complete: true };
}

/** What was really copied: entries left unchanged settle at once and would make the rate absurd. */
function moved(s: Snapshot): number {
  return s.totals.bytes + s.workers.reduce((sum, worker) => sum + worker.done, 0);
}

/** Share of the work, a file counting as FILE_IN_BYTES besides its bytes; by files alone where sizes are not known. */
function fractionOf({ found, settled, settledBytes }: Snapshot): number {
  const perFile = found.bytes === null ? 1 : FILE_IN_BYTES;
  const all = found.files * perFile + (found.bytes ?? 0);
  if (all === 0) return 0;
  return (settled * perFile + (found.bytes === null ? 0 : settledBytes)) / all;
}
