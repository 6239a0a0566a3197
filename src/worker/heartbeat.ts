import type { RawPath } from '../api/names.ts';
import { parentIsAlive } from '../process/current.ts';
import type { Job } from '../protocol/jobs.ts';
import type { Report, WorkerEvent } from '../protocol/report.ts';
import type { RateLimit } from '../protocol/worker-config.ts';
import { Lease } from './lease.ts';
import { processorMs } from './processor-time.ts';
import { SharedRate } from './rate-limit.ts';

/** At most one progress message in this many milliseconds. */
const TELL_EVERY = 50;

/** What an entry that is no file costs in calls, of a file's cost. */
const OTHER_ENTRY = 0.25;

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
  private readonly lease: Lease | null;
  private path: RawPath = '';
  private done = 0;
  private size = 0;
  private bytes = 0;
  /** Since the worker began. */
  private entries = 0;
  private isFile = false;
  private allBytes = 0;
  private lastTold = performance.now() - TELL_EVERY;
  private part: { number: number; of: number } | undefined;

  constructor(
    emit: (event: WorkerEvent) => void,
    worker: number,
    { rate, lease }: { rate: RateLimit | null; lease: string | null },
  ) {
    this.emit = emit;
    this.worker = worker;
    this.rate = rate === null ? null : new SharedRate(rate);
    this.lease = lease === null ? null : new Lease(lease);
  }

  /**
   * To be asked before each step that others can see. Throws ParentDied when the job may be another machine's by now: this one
   * was paused, or has heard nothing of the broker for too long.
   */
  guard(): void {
    if (this.lease?.isOver) throw new ParentDied('the job may be done by another machine');
  }

  /** The worker is to do nothing after the entry in hand. */
  get isEnding(): boolean {
    return this.lease?.isEnding ?? false;
  }

  beginJob(): void {
    this.bytes = 0;
    this.size = 0;
  }

  /** @param part which part of the file it is, where several workers share it; `size` is the part's then */
  beginFile(path: RawPath, size: number, part?: { number: number; of: number }): void {
    this.path = path;
    this.isFile = true;
    this.done = 0;
    this.size = size;
    this.part = part;
  }

  /** The next entries are of this directory, which is yet to be opened. */
  beginDirectory(_path: RawPath): void {}

  /** The directory is open. */
  beginEntries(): void {}

  endJob(_job: Job, _report: Report): void {}

  /** @returns the size of the file that was begun last; 0 when none was since */
  endEntry(_path: RawPath): number {
    this.entries += this.isFile ? 1 : OTHER_ENTRY;
    this.isFile = false;
    this.tick();
    const { size } = this;
    this.size = 0;
    return size;
  }

  /** @param bytes moved since the last call */
  moved(bytes: number): void {
    this.done += bytes;
    this.bytes += bytes;
    this.allBytes += bytes;
    if (this.rate !== null) this.pause(this.rate.take(bytes));
    this.guard();
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
    const { worker, path, done, size, part, bytes } = this;
    const work = { entries: this.entries, bytes: this.allBytes, cpuMs: processorMs() };
    this.emit({ type: 'progress', worker, path, done, size, bytes, work, ...(part === undefined ? {} : { part }) });
  }
}

const clock = new Int32Array(new SharedArrayBuffer(4));
