import type { Snapshot } from '../events.ts';

/**
 * What a file costs besides its bytes, counted in bytes, until the run has shown its own figure: 15 to 30 µs of open,
 * create and close on a local disk against a copy at 1 GiB/s. It also weighs files against bytes in the bar's length.
 */
export const FILE_IN_BYTES = 32 * 1024;

/** Shorter intervals hold more noise than news. */
const INTERVAL_MS = 200;
/** How fast the recent pace forgets. The ratio of the two costs is kept for the whole run; the pace changes (caches fill). */
const PACE_HALF_LIFE_MS = 5_000;
/** Intervals are never trusted beyond this relative error, or one lucky pair would settle the fit. */
const NOISE_FLOOR = 0.005;
/** How wrong the prior may be in either cost, relative to itself. */
const PRIOR_SPREAD = 1.4;
/** Weight of the newest fit: where the work changes its kind, the first interval of the new kind can be far off. */
const NEWEST = 0.3;

/** Sums over the intervals: f files and b bytes took y worker-milliseconds. */
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
 * is one overall speed with FILE_IN_BYTES between the two costs), scaled to the recent pace, divided among the workers,
 * and never less than what the slowest worker still has in hand. Pure: it sees time only through the snapshots.
 */
export class Eta {
  readonly #m: Moments = { n: 0, f: 0, b: 0, y: 0, ff: 0, fb: 0, bb: 0, fy: 0, by: 0, yy: 0 };
  /** The last intervals, fading. */
  readonly #recent = { f: 0, b: 0, y: 0 };
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
    const f = Math.max(0, now.settled - last.settled);
    const b = Math.max(0, now.settledBytes - last.settledBytes);
    // Workers that have just started, or wait for the listing: what the interval cost is not known.
    if (busy(last) === 0 || busy(now) === 0) return;
    const y = (ms * (busy(last) + busy(now))) / 2;
    const alone = growthInHand(last, now);
    if (alone.b > 0) add(this.#m, 0, alone.b, ms * alone.workers);
    if (f > 0 || b > alone.b) add(this.#m, f, Math.max(0, b - alone.b), Math.max(0, y - ms * alone.workers));
    const keep = 0.5 ** (ms / PACE_HALF_LIFE_MS);
    this.#recent.f = this.#recent.f * keep + f;
    this.#recent.b = this.#recent.b * keep + b;
    this.#recent.y = this.#recent.y * keep + y;
    if (this.#m.f + this.#m.b > 0) this.#cost = blend(this.#cost, fit(this.#m));
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
    const inHand = Math.max(0, ...now.workers.map((w) => w.size - w.done));
    return Math.max(shared, cost.perByte * inHand);
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

/** Workers that were on one and the same file all the time show what bytes cost without any file's cost in it. */
function growthInHand(last: Snapshot, now: Snapshot): { workers: number; b: number } {
  let workers = 0;
  let b = 0;
  for (const worker of now.workers) {
    const before = last.workers[worker.index];
    if (worker.path === '' || before?.path !== worker.path || worker.done <= before.done) continue;
    workers++;
    b += worker.done - before.done;
  }
  return { workers, b };
}

function busy(snapshot: Snapshot): number {
  return snapshot.workers.filter((w) => w.path !== '').length;
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
function fit(m: Moments): Cost {
  const speed = m.y / (FILE_IN_BYTES * m.f + m.b);
  const prior: Cost = { perFile: FILE_IN_BYTES * speed, perByte: speed };
  let cost = prior;
  for (let round = 0; round < 3; round++) cost = posterior(m, prior, noise(m, cost));
  return cost;
}

/** Mean square of what the costs leave unexplained. */
function noise(m: Moments, { perFile: p, perByte: q }: Cost): number {
  const square = m.yy - 2 * (p * m.fy + q * m.by) + p * p * m.ff + 2 * p * q * m.fb + q * q * m.bb;
  const mean = m.y / m.n;
  return Math.max(square / m.n, (NOISE_FLOOR * mean) ** 2);
}

/**
 * The mean of the normal posterior (Bishop, Pattern Recognition and Machine Learning, 3.50) with a prior
 * of independent costs. Intervals that ask for a cost below zero have
 * nothing to say yet.
 */
function posterior(m: Moments, prior: Cost, variance: number): Cost {
  const trustFile = 1 / (PRIOR_SPREAD * prior.perFile) ** 2;
  const trustByte = 1 / (PRIOR_SPREAD * prior.perByte) ** 2;
  const ff = m.ff / variance + trustFile;
  const fb = m.fb / variance;
  const bb = m.bb / variance + trustByte;
  const fy = m.fy / variance + trustFile * prior.perFile;
  const by = m.by / variance + trustByte * prior.perByte;
  const determinant = ff * bb - fb * fb;
  const perFile = (fy * bb - by * fb) / determinant;
  const perByte = (by * ff - fy * fb) / determinant;
  return perFile > 0 && perByte > 0 ? { perFile, perByte } : prior;
}
