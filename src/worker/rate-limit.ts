import { fstatSync, openSync, writeSync } from 'node:fs';
import { monotonicMs } from '../protocol/monotonic-clock.ts';
import type { RateLimit } from '../protocol/worker-config.ts';
import type { LeaseReader } from './lease.ts';

/** Milliseconds: after a longer pause the unused rate is lost, not caught up. */
const CATCH_UP_MS = 500;

/**
 * A rate that all workers share through a file: each worker appends one byte per unit of time that its bytes take at the rate. Appending
 * is atomic, so the length is the total, which gives the earliest time for the next bytes.
 */
export class SharedRate {
  private readonly limit: RateLimit;
  private readonly fd: number;
  private readonly lease: LeaseReader | null;
  /** Milliseconds per unit. */
  private readonly unitMs: number;
  private owedMs = 0;

  /** @param lease where several machines share the rate: it says which part is this machine's, and may change */
  constructor(limit: RateLimit, lease: LeaseReader | null) {
    this.limit = limit;
    this.lease = lease;
    this.fd = openSync(limit.path, 'a');
    this.unitMs = (limit.unit / limit.bytesPerSecond) * 1000;
  }

  /** @returns milliseconds to wait before the next bytes */
  take(bytes: number): number {
    this.owedMs += (bytes / (this.lease?.bytesPerSecond ?? this.limit.bytesPerSecond)) * 1000;
    const units = Math.floor(this.owedMs / this.unitMs);
    if (units === 0) return 0;
    this.owedMs -= units * this.unitMs;
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
