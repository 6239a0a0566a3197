import type { Snapshot, WorkerView } from '../api/events.ts';

/**
 * What a file costs besides its bytes, counted in bytes, until the run has shown its own figure: 15 to 30 µs of open,
 * create and close on a local disk against a copy at 1 GiB/s. It also weighs files against bytes in the bar's length.
 */
export const FILE_IN_BYTES = 32 * 1024;

/** Shorter intervals hold more noise than news. */
const INTERVAL_MS = 200;
/** Snapshots come ten times a second: after so long a silence the run was stopped (SIGSTOP, Ctrl-Z), and nothing is learnt. */
const STOPPED_MS = 5_000;
/** How fast the recent pace forgets. The ratio of the two costs is kept for the whole run; the pace changes (caches fill). */
const PACE_HALF_LIFE_MS = 5_000;
/** Intervals are never trusted beyond this relative error, or one lucky pair would settle the fit. */
const NOISE_FLOOR = 0.005;
/** How wrong the prior may be in either cost, relative to itself. */
const PRIOR_SPREAD = 1.4;
/** How fast the speed of one worker on one file forgets: when the others are done it may have the disk for itself. */
const OWN_HALF_LIFE_MS = 1_000;
/** Weight of the newest fit: where the work changes its kind, the first interval of the new kind can be far off. */
const NEWEST = 0.3;
/** So many times faster or slower over so many bytes is other work: out of a hole of a sparse file, or into one. */
const LEAP = { factor: 30, bytes: 1024 * 1024 };

/** Sums over n observations: f files and b bytes took y worker-milliseconds. */
interface Moments {
  n: number;
  f: number;
  b: number;
  y: number;
  ff: number;
  fb: number;
  bb: number;
  fy: number;
  by: number;
  yy: number;
}

/** Worker-milliseconds. */
interface Cost {
  perFile: number;
  perByte: number;
}

/**
 * Time left, from a cost per file and a cost per byte fitted while the run goes on (Bayesian linear regression whose prior
 * is one overall speed with FILE_IN_BYTES between the two costs), scaled to the recent pace, divided among the workers, and
 * never less than what the slowest worker still has to do. Pure: it sees time only through the snapshots.
 */
export class Eta {
  /** Each interval counts twice: workers that were on one file all the time, and the rest of it. */
  #seen = nothing();
  /** The last intervals, fading. */
  readonly #recent = { f: 0, b: 0, y: 0 };
  /** By worker: the current file, and what it has taken lately. Fading too. */
  readonly #own = new Map<number, { path: string; b: number; ms: number }>();
  #last: Snapshot | undefined;
  #cost: Cost | undefined;

  observe(now: Snapshot): void {
    const last = this.#last;
    if (last === undefined) {
      this.#last = now;
      return;
    }
    const ms = now.elapsedMs - last.elapsedMs;
    if (ms < INTERVAL_MS) return;
    this.#last = now;
    if (ms > STOPPED_MS) return;
    const f = Math.max(0, now.settled - last.settled);
    const b = Math.max(0, now.settledBytes - last.settledBytes);
    if (this.#isLeap(f, b, (ms * (busy(last) + busy(now))) / 2)) this.#forget();
    this.#observeCurrentFiles(last, now, ms);
    // Workers that have just started, or wait for the listing: what the interval cost is not known.
    if (busy(last) === 0 || busy(now) === 0) return;
    const y = (ms * (busy(last) + busy(now))) / 2;
    const alone = growthOfCurrentFiles(last, now);
    if (alone.b > 0) add(this.#seen, 0, alone.b, ms * alone.workers);
    if (f > 0 || b > alone.b) add(this.#seen, f, Math.max(0, b - alone.b), Math.max(0, y - ms * alone.workers));
    const keep = 0.5 ** (ms / PACE_HALF_LIFE_MS);
    this.#recent.f = this.#recent.f * keep + f;
    this.#recent.b = this.#recent.b * keep + b;
    this.#recent.y = this.#recent.y * keep + y;
    if (this.#seen.n > 0) this.#cost = blend(this.#cost, fit(this.#seen));
  }

  /** Milliseconds left at the snapshot, or null while that cannot be known: the listing goes on, or nothing is done yet. */
  estimate(now: Snapshot): number | null {
    if (!now.found.complete) return null;
    const files = Math.max(0, now.found.files - now.settled);
    const bytes = bytesLeft(now, files);
    if (files === 0 && bytes === 0) return 0;
    if (this.#cost === undefined) return null;
    const cost = this.#paced(this.#cost);
    const shared = (cost.perFile * files + cost.perByte * bytes) / Math.max(1, now.workers.length);
    const current = now.workers.map((worker) => (worker.size - worker.done) * this.#msPerByteOf(worker, cost));
    return Math.max(shared, heldTo(now, bytes), ...current);
  }

  #isLeap(f: number, b: number, y: number): boolean {
    if (this.#cost === undefined || b < LEAP.bytes || y === 0) return false;
    const { perFile, perByte } = this.#paced(this.#cost);
    const ratio = (perFile * f + perByte * b) / y;
    return ratio > LEAP.factor || ratio < 1 / LEAP.factor;
  }

  #forget(): void {
    this.#seen = nothing();
    this.#cost = undefined;
    this.#own.clear();
    Object.assign(this.#recent, { f: 0, b: 0, y: 0 });
  }

  #observeCurrentFiles(last: Snapshot, now: Snapshot, ms: number): void {
    const keep = 0.5 ** (ms / OWN_HALF_LIFE_MS);
    for (const { index, path, done } of now.workers) {
      const before = last.workers.find((worker) => worker.index === index);
      if (path === '' || before?.path !== path || done < before.done) {
        this.#own.delete(index);
        continue;
      }
      const own = this.#own.get(index) ?? { path, b: 0, ms: 0 };
      this.#own.set(index, { path, b: own.b * keep + done - before.done, ms: own.ms * keep + ms });
    }
  }

  #msPerByteOf({ index, path }: WorkerView, cost: Cost): number {
    const own = this.#own.get(index);
    return own !== undefined && own.path === path && own.b > 0 ? own.ms / own.b : cost.perByte;
  }

  #paced(cost: Cost): Cost {
    const predicted = cost.perFile * this.#recent.f + cost.perByte * this.#recent.b;
    const pace = predicted > 0 ? this.#recent.y / predicted : 1;
    return { perFile: cost.perFile * pace, perByte: cost.perByte * pace };
  }
}

/** Without sizes from the listing, the files to come are taken to be like those behind. */
function bytesLeft(now: Snapshot, files: number): number {
  if (now.found.bytes !== null) return Math.max(0, now.found.bytes - now.settledBytes);
  return now.settled === 0 ? 0 : (files * now.settledBytes) / now.settled;
}

/** What a rate that was asked for takes for these bytes, as far as they are like those behind: unchanged ones are free. */
function heldTo({ limit, movedBytes, settledBytes }: Snapshot, bytes: number): number {
  if (limit === null) return 0;
  const share = settledBytes > 0 ? Math.min(1, movedBytes / settledBytes) : 1;
  return (bytes * share * 1000) / limit;
}

/** Workers that were on one and the same file all the time show what bytes cost without any file's cost in it. */
function growthOfCurrentFiles(last: Snapshot, now: Snapshot): { workers: number; b: number } {
  let workers = 0;
  let b = 0;
  for (const worker of now.workers) {
    const before = last.workers.find(({ index }) => index === worker.index);
    if (worker.path === '' || before?.path !== worker.path || worker.done <= before.done) continue;
    workers++;
    b += worker.done - before.done;
  }
  return { workers, b };
}

function busy(snapshot: Snapshot): number {
  return snapshot.workers.filter((w) => w.path !== '').length;
}

function nothing(): Moments {
  return { n: 0, f: 0, b: 0, y: 0, ff: 0, fb: 0, bb: 0, fy: 0, by: 0, yy: 0 };
}

function add(m: Moments, f: number, b: number, y: number): void {
  m.n++;
  m.f += f;
  m.b += b;
  m.y += y;
  m.ff += f * f;
  m.fb += f * b;
  m.bb += b * b;
  m.fy += f * y;
  m.by += b * y;
  m.yy += y * y;
}

/** Costs are factors, so it is their logarithms that are averaged. */
function blend(old: Cost | undefined, fresh: Cost): Cost {
  if (old === undefined) return fresh;
  const mean = (a: number, b: number) => a ** (1 - NEWEST) * b ** NEWEST;
  return { perFile: mean(old.perFile, fresh.perFile), perByte: mean(old.perByte, fresh.perByte) };
}

/** Noise and costs are estimated in turn; three rounds are past any change that matters. */
function fit(seen: Moments): Cost {
  const speed = seen.y / (FILE_IN_BYTES * seen.f + seen.b);
  const prior: Cost = { perFile: FILE_IN_BYTES * speed, perByte: speed };
  let cost = prior;
  for (let round = 0; round < 3; round++) cost = posterior(seen, noise(seen, cost), prior);
  return cost;
}

/** Mean square of what the costs leave unexplained. */
function noise(m: Moments, { perFile: p, perByte: q }: Cost): number {
  const square = m.yy - 2 * (p * m.fy + q * m.by) + p * p * m.ff + 2 * p * q * m.fb + q * q * m.bb;
  const mean = m.y / m.n;
  return Math.max(square / m.n, (NOISE_FLOOR * mean) ** 2);
}

/**
 * The mean of the normal posterior with a prior of independent costs (Bishop, Pattern Recognition and Machine Learning,
 * 3.50). Intervals that ask for a cost below zero say nothing yet.
 */
function posterior(seen: Moments, variance: number, prior: Cost): Cost {
  const trustFile = variance / (PRIOR_SPREAD * prior.perFile) ** 2;
  const trustByte = variance / (PRIOR_SPREAD * prior.perByte) ** 2;
  const ff = seen.ff + trustFile;
  const bb = seen.bb + trustByte;
  const fy = seen.fy + trustFile * prior.perFile;
  const by = seen.by + trustByte * prior.perByte;
  const determinant = ff * bb - seen.fb * seen.fb;
  const perFile = (fy * bb - by * seen.fb) / determinant;
  const perByte = (by * ff - fy * seen.fb) / determinant;
  return perFile > 0 && perByte > 0 ? { perFile, perByte } : prior;
}
