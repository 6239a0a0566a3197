import type { RawPath } from '../api/names.ts';
import { processorMs } from '../fs/processor-time.ts';
import { parentIsAlive } from '../process/current.ts';
import type { Job } from '../protocol/jobs.ts';
import type { Report, WorkerEvent } from '../protocol/report.ts';
import type { RateLimit } from '../protocol/worker-config.ts';
import type { LeaseReader } from './lease.ts';
import { SharedRate } from './rate-limit.ts';

/** Milliseconds between two progress messages. */
const REPORT_EVERY = 50;

/** Cost of an entry that is no file, as a share of a file's. */
const OTHER_ENTRY = 0.25;

/** The worker has to end at once, whatever it does: no entry is to blame for that. */
export class WorkerMustEnd extends Error {
  override name = 'WorkerMustEnd';
}

/** The parent is gone. */
export class ParentDied extends WorkerMustEnd {
  override name = 'ParentDied';
}

/** The job may be another machine's by now. */
export class LeaseExpired extends WorkerMustEnd {
  override name = 'LeaseExpired';
}

/**
 * Called after each system call of a worker: reports progress, limits the rate, and notices the death of the parent, which a loop of
 * synchronous calls would not.
 */
export class Heartbeat {
  private readonly emit: (event: WorkerEvent) => void;
  private readonly worker: number;
  private readonly rate: SharedRate | null;
  private readonly lease: LeaseReader | null;
  private path: RawPath = '';
  private done = 0;
  private size = 0;
  private bytes = 0;
  /** Since the start of the worker. */
  private entries = 0;
  private isFile = false;
  private allBytes = 0;
  private lastReport = performance.now() - REPORT_EVERY;
  private lastLook = 0;
  private part: { number: number; of: number } | undefined;

  constructor(
    emit: (event: WorkerEvent) => void,
    worker: number,
    { rate, lease }: { rate: RateLimit | null; lease: LeaseReader | null },
  ) {
    this.emit = emit;
    this.worker = worker;
    this.rate = rate === null ? null : new SharedRate(rate, lease);
    this.lease = lease;
  }

  /**
   * To be asked before each step that others can see. Throws LeaseExpired when the job may be another machine's by now: this one
   * was paused, or has heard nothing of the broker for too long.
   */
  guard(): void {
    if (this.lease?.isOver) throw new LeaseExpired('the job may be done by another machine');
  }

  /** The worker is to do nothing after the current entry. */
  get isEnding(): boolean {
    return this.lease?.isEnding ?? false;
  }

  close(): void {
    this.lease?.close();
  }

  beginJob(): void {
    this.bytes = 0;
    this.size = 0;
    this.lastLook = performance.now();
  }

  /** Milliseconds of the clock at the end of the last entry, or at the beginning of the job. */
  get now(): number {
    return this.lastLook;
  }

  /** @param part the part of a file that several workers share; `size` is that of the part */
  beginFile(path: RawPath, size: number, part?: { number: number; of: number }): void {
    this.path = path;
    this.isFile = true;
    this.done = 0;
    this.size = size;
    this.part = part;
  }

  /** The next entries are in this directory, which is about to be opened. */
  beginDirectory(_path: RawPath): void {}

  /** The directory is open. */
  beginEntries(): void {}

  endJob(_job: Job, _report: Report): void {}

  /** @returns the size of the current file; 0 when there is none */
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
    // After the last byte the end of the entry follows.
    if (this.done !== this.size) this.tick();
  }

  /** A hole was skipped: done without copying. */
  skipped(bytes: number): void {
    this.done += bytes;
    this.bytes += bytes;
    this.tick();
  }

  /** Time passed without copying. */
  waited(): void {
    this.tick();
  }

  /** Blocks the thread, in intervals, to report progress and notice a dead parent meanwhile. */
  pause(ms: number): void {
    const until = performance.now() + ms;
    for (let left = ms; left > 0; left = until - performance.now()) {
      Atomics.wait(clock, 0, 0, Math.min(left, REPORT_EVERY));
      this.tick();
    }
  }

  private tick(): void {
    const now = performance.now();
    this.lastLook = now;
    if (now - this.lastReport < REPORT_EVERY) return;
    this.lastReport = now;
    if (!parentIsAlive()) throw new ParentDied('the parent process is gone');
    const { worker, path, done, size, part, bytes } = this;
    const work = { entries: this.entries, bytes: this.allBytes, cpuMs: processorMs() };
    this.emit({ type: 'progress', worker, path, done, size, bytes, work, ...(part === undefined ? {} : { part }) });
  }
}

const clock = new Int32Array(new SharedArrayBuffer(4));
