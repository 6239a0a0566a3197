import { availableParallelism } from 'node:os';
import type { WorkDone } from '../protocol/report.ts';
import { FILE_IN_BYTES } from '../report/eta.ts';

/** Workers that spend less than this share of their time on a processor mostly wait for the storage. */
const MOSTLY_WAITING = 0.5;
/** The least speed-up that justifies more workers. */
const FASTER = 1.1;
/** Each worker is measured for at least this many milliseconds, and this many entries or their equivalent in bytes. */
const WATCHED_MS = 100;
const WATCHED_WORK = 1;
/**
 * Milliseconds. When more workers were no faster, they are tried again after this pause, since the work may have changed; each further
 * pause is twice as long.
 */
const PAUSE_MS = 10_000;

/** What a worker had done, and the milliseconds of processor time that it had used or waited for, at a moment. */
export interface Sample extends WorkDone {
  worker: number;
  atMs: number;
}

interface Span {
  first: Sample;
  last: Sample;
}

/**
 * Finds the number of workers by hill climbing over their total speed. While workers mostly wait for the storage and there is work
 * for more, more are tried; when that is no faster, the previous number is restored.
 */
export class WorkerLimit {
  /** The current number. */
  current: number;
  /** The largest number so far. */
  highest: number;
  private readonly most: number;
  private readonly cpus: number;
  private readonly spans = new Map<number, Span>();
  /** The number before the last step and its work per millisecond; null when the step is decided. */
  private before: { workers: number; speed: number } | null = null;
  private retryAt = Number.NEGATIVE_INFINITY;
  private pause = PAUSE_MS;

  /**
   * @param most is never exceeded; when it is `least`, nothing is tried
   * @param cpus when all are busy, more workers would only wait for them
   */
  constructor(least: number, most: number, cpus = availableParallelism()) {
    this.current = least;
    this.highest = least;
    this.most = most;
    this.cpus = cpus;
  }

  /** @param hasMore more jobs are ready than there are workers */
  observe(sample: Sample, hasMore: boolean): void {
    if (this.most === this.current && this.before === null) return;
    if (sample.worker >= this.current) return;
    // A slowdown for lack of work says nothing about the storage.
    if (!hasMore) return this.spans.clear();
    const span = this.spans.get(sample.worker);
    if (span === undefined || sample.entries < span.first.entries) {
      this.spans.set(sample.worker, { first: sample, last: sample });
    } else {
      span.last = sample;
      if (this.isWatched()) this.decide(sample.atMs);
    }
  }

  private isWatched(): boolean {
    if (this.spans.size < this.current) return false;
    let work = 0;
    for (const { first, last } of this.spans.values()) {
      if (last.atMs - first.atMs < WATCHED_MS) return false;
      work += workBetween(first, last);
    }
    return work >= WATCHED_WORK * this.current;
  }

  private decide(now: number): void {
    let speed = 0;
    let busy = 0;
    for (const { first, last } of this.spans.values()) {
      const ms = last.atMs - first.atMs;
      speed += workBetween(first, last) / ms;
      busy += (last.cpuMs - first.cpuMs) / ms;
    }
    this.spans.clear();
    const { before } = this;
    this.before = null;
    if (before !== null && speed < FASTER * before.speed) {
      this.current = before.workers;
      this.retryAt = now + this.pause;
      this.pause *= 2;
    } else if (now >= this.retryAt) {
      const share = busy / this.current;
      // In one step to as many as the processors can serve: each smaller step would take as long to measure.
      const next = Math.min(this.most, Math.floor(this.cpus / share));
      if (share > MOSTLY_WAITING || next <= this.current) return;
      this.before = { workers: this.current, speed };
      this.current = next;
      this.highest = Math.max(this.highest, next);
    }
  }
}

function workBetween(first: Sample, last: Sample): number {
  return last.entries - first.entries + (last.bytes - first.bytes) / FILE_IN_BYTES;
}
