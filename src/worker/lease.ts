import { closeSync, openSync, readSync } from 'node:fs';
import type { FileSystem } from '../fs/file-system.ts';
import { LEASE_FIELDS } from '../protocol/lease.ts';
import { monotonicMs } from '../protocol/monotonic-clock.ts';

/** A worker's view of how long it may go on with what others may be given. It is asked several times for each file. */
export class LeaseReader {
  private readonly fd: number;
  private readonly fields: Float64Array;
  /** null: the file is mapped, and need not be read. */
  private readonly bytes: Uint8Array | null;

  constructor(fs: FileSystem, path: string) {
    this.fd = openSync(path, 'r+');
    const length = LEASE_FIELDS * Float64Array.BYTES_PER_ELEMENT;
    const mapped = fs.map(this.fd, length);
    this.fields = new Float64Array(mapped ?? new ArrayBuffer(length));
    this.bytes = mapped === null ? new Uint8Array(this.fields.buffer) : null;
  }

  get isOver(): boolean {
    this.read();
    const [monotonic = 0, wallClock = 0] = this.fields;
    return monotonicMs() > monotonic || Date.now() > wallClock;
  }

  get isEnding(): boolean {
    this.read();
    return this.fields[2] === 1;
  }

  /** The share of this machine in the rate of the run. */
  get bytesPerSecond(): number {
    this.read();
    return this.fields[3] ?? 0;
  }

  close(): void {
    closeSync(this.fd);
  }

  private read(): void {
    if (this.bytes !== null) readSync(this.fd, this.bytes, 0, this.bytes.length, 0);
  }
}
