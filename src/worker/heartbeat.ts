import type { Sample } from '../api/events.ts';
import type { RawPath } from '../api/names.ts';
import { parentIsAlive } from '../process/current.ts';
import type { WorkerEvent } from '../protocol/report.ts';
import type { RateLimit } from '../protocol/worker-config.ts';
import { SharedRate } from './rate-limit.ts';

/** At most one progress message in this many milliseconds. */
const TELL_EVERY = 50;
/** Bytes. Bigger files show by their progress what bytes cost, and one of them would outweigh thousands of others. */
const SAMPLED_BELOW = 16 * 1024 * 1024;

/** Thrown when nobody waits for the work any more; everything unwinds, and the worker ends. */
export class ParentDied extends Error {
  override name = 'ParentDied';
}

/**
 * The worker's clock: tells the parent now and then how far it is, holds the rate, and notices when the parent has died,
 * which a loop of synchronous calls would not. Cheap enough to ask after each system call.
 */
export class Heartbeat {
  private readonly emit: (event: WorkerEvent) => void;
  private readonly worker: number;
  private readonly rate: SharedRate | null;
  private path: RawPath = '';
  private done = 0;
  private size = 0;
  private bytes = 0;
  private lastTold = performance.now();
  private sample: Sample | null = null;
  /** When the entry in hand was begun. */
  private began = 0;
  private entrySize = 0;

  constructor(emit: (event: WorkerEvent) => void, worker: number, rate: RateLimit | null) {
    this.emit = emit;
    this.worker = worker;
    this.rate = rate === null ? null : new SharedRate(rate);
  }

  /** @param sample is added to, entry by entry */
  beginJob(sample: Sample): void {
    this.bytes = 0;
    this.sample = sample;
    this.began = performance.now();
    this.entrySize = 0;
  }

  beginFile(path: RawPath, size: number): void {
    this.path = path;
    this.done = 0;
    this.size = size;
    this.entrySize = size;
  }

  endEntry(): void {
    const now = performance.now();
    if (this.sample !== null && this.entrySize < SAMPLED_BELOW) addTo(this.sample, this.entrySize, now - this.began);
    this.began = now;
    this.entrySize = 0; // What comes may be a link or a directory.
    this.tick(now);
  }

  /** @param bytes moved since the last call */
  moved(bytes: number): void {
    this.done += bytes;
    this.bytes += bytes;
    if (this.rate !== null) this.pause(this.rate.take(bytes));
    this.tick();
  }

  /** A hole: done, but nothing was moved. */
  skipped(bytes: number): void {
    this.done += bytes;
    this.bytes += bytes;
    this.tick();
  }

  /** Time passed in work that moves nothing. */
  waited(): void {
    this.tick();
  }

  /** Waits without giving up the thread; in pieces, so that progress is told and a dead parent noticed meanwhile. */
  pause(ms: number): void {
    const until = performance.now() + ms;
    for (let left = ms; left > 0; left = until - performance.now()) {
      Atomics.wait(clock, 0, 0, Math.min(left, TELL_EVERY));
      this.tick();
    }
  }

  private tick(now = performance.now()): void {
    if (now - this.lastTold < TELL_EVERY) return;
    this.lastTold = now;
    if (!parentIsAlive()) throw new ParentDied('the parent process is gone');
    const { worker, path, done, size, bytes } = this;
    this.emit({ type: 'progress', worker, path, done, size, bytes });
  }
}

function addTo(sample: Sample, b: number, t: number): void {
  sample.n++;
  sample.b += b;
  sample.t += t;
  sample.bb += b * b;
  sample.bt += b * t;
  sample.tt += t * t;
}

const clock = new Int32Array(new SharedArrayBuffer(4));
