import type { RawPath } from '../names.ts';
import { parentIsAlive } from '../process/current.ts';
import type { WorkerEvent } from '../wire.ts';

/** At most one progress message in this many milliseconds. */
const TELL_EVERY = 50;

/** Thrown when nobody waits for the work any more; everything unwinds, and the worker ends. */
export class Abandoned extends Error {
  override name = 'Abandoned';
}

/**
 * The worker's clock: tells the parent now and then how far it is, holds the rate, and notices when the parent has died,
 * which a loop of synchronous calls would not. Cheap enough to ask after each system call.
 */
export class Pace {
  private readonly emit: (event: WorkerEvent) => void;
  private readonly worker: number;
  /** Bytes per millisecond, or 0. */
  private readonly rate: number;
  private path: RawPath = '';
  private done = 0;
  private size = 0;
  private entries = 0;
  private bytes = 0;
  private lastTold = performance.now();
  private allowance = 0;
  private refilled = performance.now();

  constructor(emit: (event: WorkerEvent) => void, worker: number, bytesPerSecond: number) {
    this.emit = emit;
    this.worker = worker;
    this.rate = bytesPerSecond / 1000;
  }

  beginJob(): void {
    this.entries = 0;
    this.bytes = 0;
  }

  beginFile(path: RawPath, size: number): void {
    this.path = path;
    this.done = 0;
    this.size = size;
  }

  endEntry(): void {
    this.entries++;
    this.tick();
  }

  /** @param bytes moved since the last call */
  moved(bytes: number): void {
    this.done += bytes;
    this.bytes += bytes;
    if (this.rate > 0) this.hold(bytes);
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

  private tick(): void {
    const now = performance.now();
    if (now - this.lastTold < TELL_EVERY) return;
    this.lastTold = now;
    if (!parentIsAlive()) throw new Abandoned('the parent process is gone');
    const { worker, path, done, size, entries, bytes } = this;
    this.emit({ type: 'progress', worker, path, done, size, entries, bytes });
  }

  // A token bucket that holds a tenth of a second, so that a pause is not made up for in a burst.
  private hold(bytes: number): void {
    const now = performance.now();
    this.allowance = Math.min(this.allowance + (now - this.refilled) * this.rate, this.rate * 100) - bytes;
    this.refilled = now;
    while (this.allowance < 0) {
      sleep(Math.min(-this.allowance / this.rate, TELL_EVERY));
      this.tick();
      const later = performance.now();
      this.allowance += (later - this.refilled) * this.rate;
      this.refilled = later;
    }
  }
}

const clock = new Int32Array(new SharedArrayBuffer(4));

/** Waits without giving up the thread. */
export function sleep(ms: number): void {
  Atomics.wait(clock, 0, 0, ms);
}
