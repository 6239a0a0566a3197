import type { Found, MachineReading, MachineView, Reading, Snapshot, Summary } from '../api/events.ts';
import { NOTHING_YET } from './counters.ts';
import { Eta, FILE_IN_BYTES } from './eta.ts';

/** The rate is that of the last seconds, not of the whole run: that is what a person sees change. */
const RATE_WINDOW_MS = 5_000;
/** Just under 1: everything seen is done, but the run has not ended. */
const ALMOST = 0.9999;

/** No news for so long, in milliseconds, and the run is stalled. */
const STALLED_MS = 10_000;
/** An estimate beyond this is none. */
const BEYOND_REASON_MS = 100 * 3_600_000;

interface Sample {
  ms: number;
  moved: number;
  /** A machine has the same place in all samples. */
  machines?: readonly MachineView[] | undefined;
}

/** Turns snapshots into readings that keep the promises of a progress bar. Pure: no clock, no terminal. */
export class Meter {
  readonly #eta = new Eta();
  #last: Snapshot = NOTHING_YET;
  #best = 0;
  #samples: Sample[] = [{ ms: 0, moved: 0 }];
  #newsMs = 0;
  #stalledMs = 0;
  #completed = false;
  #ended = false;

  /** The latest, with the totals that are known by now. */
  get snapshot(): Snapshot {
    return this.#last;
  }

  /** Of all stalls so far, in milliseconds. */
  stalledMs(elapsedMs: number): number {
    const silentMs = elapsedMs - this.#newsMs;
    return this.#stalledMs + (silentMs >= STALLED_MS ? silentMs : 0);
  }

  observe(latest: Snapshot): void {
    const snapshot = { ...latest, found: known(this.#last.found, latest.found) };
    if (hasNews(this.#last, snapshot)) {
      const silentMs = snapshot.elapsedMs - this.#newsMs;
      if (silentMs >= STALLED_MS) this.#stalledMs += silentMs;
      this.#newsMs = snapshot.elapsedMs;
    }
    this.#last = snapshot;
    this.#eta.observe(snapshot);
    const ms = snapshot.elapsedMs;
    this.#samples.push({ ms, moved: snapshot.movedBytes, machines: snapshot.machines });
    while (this.#samples.length > 2 && (this.#samples[1]?.ms ?? ms) < ms - RATE_WINDOW_MS) this.#samples.shift();
    if (snapshot.found.complete) this.#best = Math.max(this.#best, Math.min(ALMOST, fractionOf(snapshot)));
  }

  /** The last word of the run. Only one that went to its end is 100 %. */
  finish(summary: Summary): void {
    const { totals } = summary;
    this.#ended = true;
    this.#completed = summary.outcome === 'complete' || summary.outcome === 'incomplete';
    // What is skipped for its type was never counted as found.
    const done = totals.files + totals.symlinks + totals.hardlinks + totals.special + totals.unchanged;
    const settled = Math.max(this.#last.settled, done);
    const settledBytes = Math.max(this.#last.settledBytes, totals.bytes);
    const { found } = this.#last;
    this.#last = {
      ...this.#last,
      elapsedMs: summary.elapsedMs,
      totals,
      settled: this.#completed ? Math.max(settled, found.files) : settled,
      settledBytes: this.#completed ? Math.max(settledBytes, found.bytes ?? 0) : settledBytes,
      found: this.#completed ? { ...found, complete: true } : found,
      workers: [],
    };
    const seconds = summary.elapsedMs / 1000;
    this.#samples = [{ ms: 0, moved: 0 }];
    const { machines } = this.#last;
    if (seconds > 0) this.#samples.push({ ms: summary.elapsedMs, moved: totals.bytes, machines });
  }

  reading(): Reading {
    const s = this.#last;
    const fraction = this.#completed ? 1 : s.found.complete ? this.#best : null;
    const silentMs = this.#ended ? 0 : s.elapsedMs - this.#newsMs;
    const stalledMs = silentMs >= STALLED_MS ? silentMs : 0;
    const eta = this.#ended || stalledMs > 0 ? null : this.#eta.estimate(s);
    return {
      fraction,
      percent: fraction === null ? null : Math.floor(fraction * 1000) / 10,
      growing: !s.found.complete,
      files: s.settled,
      filesTotal: Math.max(s.found.files, s.settled),
      bytes: s.settledBytes,
      bytesTotal: s.found.bytes === null ? null : Math.max(s.found.bytes, s.settledBytes),
      failed: s.totals.failed,
      bytesPerSecond: this.#rate(),
      elapsedMs: s.elapsedMs,
      etaMs: fraction === 1 ? 0 : eta === null || eta > BEYOND_REASON_MS ? null : eta,
      stalledMs,
      ended: this.#ended,
      ...(s.machines && { machines: s.machines.map((machine, i) => this.#machine(machine, i)) }),
    };
  }

  #machine(machine: MachineView, i: number): MachineReading {
    return { ...machine, bytesPerSecond: this.#rate((sample) => sample.machines?.[i]?.bytes ?? 0) };
  }

  #rate(bytesOf = (sample: Sample) => sample.moved): number {
    const first = this.#samples[0];
    const last = this.#samples.at(-1);
    if (first === undefined || last === undefined || last.ms <= first.ms) return 0;
    return (Math.max(0, bytesOf(last) - bytesOf(first)) * 1000) / (last.ms - first.ms);
  }
}

function hasNews(before: Snapshot, now: Snapshot): boolean {
  return (
    now.settled !== before.settled ||
    now.settledBytes !== before.settledBytes ||
    now.movedBytes !== before.movedBytes ||
    now.found.files + now.found.directories !== before.found.files + before.found.directories ||
    now.totals.directories + now.totals.deleted !== before.totals.directories + before.totals.deleted
  );
}

/** Totals once known stay known: a run that has surveyed the tree before it lists it again knows them from then on. */
function known(before: Found, now: Found): Found {
  if (!before.complete || now.complete) return now;
  const bytes = before.bytes === null ? now.bytes : Math.max(before.bytes, now.bytes ?? 0);
  const directories = Math.max(before.directories, now.directories);
  return { files: Math.max(before.files, now.files), directories, bytes, complete: true };
}

/** Share of the work, a file counting as FILE_IN_BYTES besides its bytes; by files alone where sizes are not known. */
function fractionOf({ found, settled, settledBytes }: Snapshot): number {
  const perFile = found.bytes === null ? 1 : FILE_IN_BYTES;
  const all = found.files * perFile + (found.bytes ?? 0);
  if (all === 0) return 0;
  return (settled * perFile + (found.bytes === null ? 0 : settledBytes)) / all;
}
