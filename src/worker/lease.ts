import { closeSync, openSync, readSync } from 'node:fs';
import { LEASE_FIELDS } from '../protocol/lease.ts';
import { monotonicMs } from '../protocol/monotonic-clock.ts';

/** A worker's view of how long it may go on with what others may be given. */
export class LeaseReader {
  private readonly fd: number;
  private readonly fields = new Float64Array(LEASE_FIELDS);
  private readonly bytes = new Uint8Array(this.fields.buffer);

  constructor(path: string) {
    this.fd = openSync(path, 'r');
  }

  get isOver(): boolean {
    readSync(this.fd, this.bytes, 0, this.bytes.length, 0);
    const [monotonic = 0, wallClock = 0] = this.fields;
    return monotonicMs() > monotonic || Date.now() > wallClock;
  }

  get isEnding(): boolean {
    readSync(this.fd, this.bytes, 0, this.bytes.length, 0);
    return this.fields[2] === 1;
  }

  close(): void {
    closeSync(this.fd);
  }
}
