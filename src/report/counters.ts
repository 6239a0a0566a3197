import type { Failure } from '../api/errors.ts';
import { type Found, type Load, type MachineView, noTotals, type Snapshot, type WorkerView } from '../api/events.ts';
import type { RawPath } from '../api/names.ts';
import type { Progress, Report } from '../protocol/report.ts';
import { MachineCounts } from './machine-counts.ts';

const FAILURES_KEPT = 1000;

interface CurrentFile {
  path: RawPath;
  done: number;
  size: number;
  part: { number: number; of: number } | undefined;
  bytes: number;
  machine: string | undefined;
  at: number;
  /** When its job ended, or null while it works. */
  idleSince: number | null;
}

/** Milliseconds that a worker between two jobs still shows its last file, so that small files can be read. */
const AFTERGLOW = 300;

/** Counts entries found, done and failed; the source of all numbers of a run. */
export class Counters {
  readonly found: Found;
  /** Totals of earlier listings. */
  before: Found;
  /** More listings follow, so the end of this one does not complete the totals. */
  private more = false;
  /** Totals of the count that runs ahead of the listing, which itself waits for the workers. */
  surveyed: Found | null = null;
  readonly totals = noTotals();
  readonly lost: Record<string, number> = {};
  readonly skips: Record<string, number> = {};
  readonly machines = new MachineCounts();
  readonly failures: Failure[] = [];
  moreFailures = 0;
  /** Jobs that wait for room, since when, and the milliseconds of earlier waits. */
  private waiting = 0;
  private waitingSince = 0;
  private waitedMs = 0;
  private settled = 0;
  private settledBytes = 0;
  private shownBytes = 0;
  private moved = 0;
  private shownMoved = 0;
  private readonly current = new Map<number, CurrentFile>();
  private readonly busyMs: number[] = [];
  private readonly began: number;
  private readonly limit: number | null;
  private readonly sizes: boolean;

  /**
   * @param sizes whether the total of bytes is wanted
   * @param limit the limit in bytes per second, or null
   */
  constructor(sizes: boolean, limit: number | null, now: number) {
    this.limit = limit;
    this.sizes = sizes;
    this.found = { files: 0, directories: 0, bytes: sizes ? 0 : null, complete: false };
    this.before = { ...this.found };
    this.began = now;
  }

  elapsedMs(now: number): number {
    return now - this.began;
  }

  /** A job ended: its entries (except directories) and bytes are settled, whatever the result. */
  record(report: Report, entries: number, bytes: number, exact = false): void {
    for (const key of ['files', 'directories', 'symlinks', 'hardlinks', 'special'] as const) {
      this.totals[key] += report[key];
    }
    this.totals.bytes += report.bytes;
    this.totals.unchanged += report.unchanged;
    this.totals.deleted += report.deleted;
    for (const [kind, count] of Object.entries(report.lost)) this.lost[kind] = (this.lost[kind] ?? 0) + count;
    this.busyMs[report.worker] = (this.busyMs[report.worker] ?? 0) + report.busyMs;
    this.markIdle(report.worker);
    this.settled += entries;
    this.settledBytes += exact || this.sizes ? bytes : report.bytes;
    const moved = exact ? bytes : report.bytes;
    this.moved += moved;
    this.machines.record(report, moved);
  }

  /** A worker died: its current work is not done. */
  gone(worker: number): void {
    this.current.delete(worker);
  }

  /** Entries that no report will count. */
  countUnreported(entries: number, bytes: number): void {
    this.settled += entries;
    this.settledBytes += bytes;
  }

  /** Unchanged entries that no report will count. */
  countUnchanged(files: number, bytes: number): void {
    this.totals.unchanged += files;
    this.countUnreported(files, this.sizes ? bytes : 0);
  }

  skip(kind: string): void {
    this.totals.skipped++;
    this.skips[kind] = (this.skips[kind] ?? 0) + 1;
  }

  /** The listing offers a job; paired with `listingGoesOn`. */
  listingWaits(now: number): void {
    if (this.waiting++ === 0) this.waitingSince = now;
  }

  /** @returns milliseconds of this wait, when it is over; else 0 */
  listingGoesOn(now: number): number {
    if (--this.waiting > 0) return 0;
    const waitedMs = now - this.waitingSince;
    this.waitedMs += waitedMs;
    return waitedMs;
  }

  progress(event: Progress, now: number): void {
    const { path, done, size, part, bytes, machine } = event;
    this.current.set(event.worker, { path, done, size, part, bytes, machine, at: now, idleSince: null });
    if (machine !== undefined) this.machines.join(machine);
  }

  /** The run has ended: what workers last reported is no work any more. */
  endWork(): void {
    this.current.clear();
  }

  /** A listing begins; `more`: others follow. */
  beginListing(more: boolean): void {
    this.more = more;
    this.completeTotals();
    this.found.complete = false;
    this.surveyed = null;
    this.before = { ...this.found };
  }

  /** Everything is settled: sizes are known now even if they were not listed. */
  completeTotals(): void {
    if (this.sizes) this.found.bytes = this.known().bytes ?? this.settledBytes;
  }

  /** Counts a failure that has been reported. */
  countFailure(failure: Failure): void {
    this.totals.failed++;
    if (this.failures.length < FAILURES_KEPT) this.failures.push(failure);
    else this.moreFailures++;
  }

  /** The best known totals. */
  known(): Found {
    const { surveyed } = this;
    let { found } = this;
    if (surveyed !== null) found = found.complete ? { ...found, bytes: found.bytes ?? surveyed.bytes } : surveyed;
    return this.more ? { ...found, complete: false } : found;
  }

  snapshot(now: number): Snapshot {
    let current = 0;
    for (const file of this.current.values()) current += file.bytes;
    let bytes = this.settledBytes + current;
    const found = this.known();
    if (found.bytes !== null && found.complete) bytes = Math.min(bytes, found.bytes);
    this.shownBytes = Math.max(this.shownBytes, bytes);
    this.shownMoved = Math.max(this.shownMoved, this.moved + current);
    return {
      elapsedMs: this.elapsedMs(now),
      found: { ...found },
      totals: { ...this.totals },
      settled: this.settled,
      settledBytes: this.shownBytes,
      movedBytes: this.shownMoved,
      limit: this.limit,
      workers: this.workers(now),
      ...(this.machines.isEmpty ? {} : { machines: this.machineViews(now) }),
    };
  }

  load(now: number): Pick<Load, 'workers' | 'listingWaited'> {
    const elapsed = Math.max(this.elapsedMs(now), 1);
    const workers = Array.from(this.busyMs, (ms) => Math.min((ms ?? 0) / elapsed, 1));
    const waited = this.waitedMs + (this.waiting > 0 ? now - this.waitingSince : 0);
    return { workers, listingWaited: Math.min(waited / elapsed, 1) };
  }

  private workers(now: number): WorkerView[] {
    return [...this.current].map(([index, file]) => viewOf(index, file, now)).sort((a, b) => a.index - b.index);
  }

  private machineViews(now: number): MachineView[] {
    const current = Array.from(this.current.values(), ({ machine, bytes, at, idleSince }) => {
      const isWorking = idleSince === null || now - idleSince <= AFTERGLOW;
      return { machine, bytes, silentMs: isWorking ? now - (idleSince ?? at) : null };
    });
    return this.machines.views(current);
  }

  private markIdle(worker: number): void {
    const file = this.current.get(worker);
    if (file === undefined) return;
    file.bytes = 0;
    file.idleSince = performance.now();
  }
}

function viewOf(index: number, file: CurrentFile, now: number): WorkerView {
  const { path, done, size, at, idleSince } = file;
  const part = file.part === undefined ? {} : { part: file.part };
  if (idleSince === null) return { index, path, done, size, silentMs: now - at, ...part };
  if (now - idleSince > AFTERGLOW) return { index, path: '', done: 0, size: 0, silentMs: 0 };
  return { index, path, done: size, size, silentMs: 0, ...part };
}

/** A run before its first event. */
export const NOTHING_YET: Snapshot = {
  elapsedMs: 0,
  found: { files: 0, directories: 0, bytes: null, complete: false },
  totals: noTotals(),
  settled: 0,
  settledBytes: 0,
  movedBytes: 0,
  limit: null,
  workers: [],
};
