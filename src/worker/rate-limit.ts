import { fstatSync, openSync, writeSync } from 'node:fs';
import { monotonicMs } from '../protocol/monotonic-clock.ts';
import type { RateLimit } from '../protocol/worker-config.ts';

/** Milliseconds: after a longer pause the unused rate is lost, not caught up. */
const CATCH_UP_MS = 500;

/**
 * A rate that all workers share through a file: each worker appends one byte per unit that it has copied. Appending is atomic, so the
 * length is the total, which gives the earliest time for the next bytes.
 */
export class SharedRate {
  private readonly limit: RateLimit;
  private readonly fd: number;
  /** Milliseconds per unit at the full rate. */
  private readonly unitMs: number;
  private owed = 0;

  constructor(limit: RateLimit) {
    this.limit = limit;
    this.fd = openSync(limit.path, 'a');
    this.unitMs = (limit.unit / limit.bytesPerSecond) * 1000;
  }

  /** @returns milliseconds to wait before the next bytes */
  take(bytes: number): number {
    this.owed += bytes;
    const units = Math.floor(this.owed / this.limit.unit);
    if (units === 0) return 0;
    this.owed -= units * this.limit.unit;
    this.append(units);
    const early = this.limit.startMs + fstatSync(this.fd).size * this.unitMs - monotonicMs();
    if (early < -CATCH_UP_MS) this.append(Math.floor(-early / this.unitMs));
    return Math.max(early, 0);
  }

  private append(units: number): void {
    for (let left = units; left > 0; left -= MARKS.length) writeSync(this.fd, MARKS, 0, Math.min(left, MARKS.length));
  }
}

const MARKS = Buffer.alloc(65536);
