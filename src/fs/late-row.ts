import { processorMs } from './processor-time.ts';

/** A thread that spends less than this share of slow calls on a processor, or waiting for one, waits for the storage. */
const MOSTLY_WAITING = 0.5;

/**
 * Distinguishes storage that answers late from a busy machine. Storage is late when several calls in a row are slow, and the thread spends
 * most of that time waiting.
 */
export class LateRow {
  private readonly length: number;
  private readonly clock: () => number;
  private inARow = 0;
  private totalMs = 0;
  private began = 0;

  /**
   * @param length slow calls in a row, after a first one that only starts the clock, which is not read for fast ones
   * @param clock milliseconds of this thread on a processor or waiting for one
   */
  constructor(length: number, clock = processorMs) {
    this.length = length;
    this.clock = clock;
  }

  /** @returns whether the storage is late, judged whenever a row is full */
  observe(ms: number, isSlow: boolean): boolean {
    if (!isSlow) {
      this.inARow = 0;
      return false;
    }
    if (this.inARow++ === 0) {
      this.began = this.clock();
      this.totalMs = 0;
      return false;
    }
    this.totalMs += ms;
    if (this.inARow <= this.length) return false;
    this.inARow = 0;
    return this.clock() - this.began < MOSTLY_WAITING * this.totalMs;
  }
}
