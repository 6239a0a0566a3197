import { closeSync, mkdtempSync, openSync, rmSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openNameless } from '../process/notes.ts';
import { LEASE_FIELDS } from '../protocol/lease.ts';
import { monotonicMs } from '../protocol/monotonic-clock.ts';

/**
 * The time until which the workers of this machine may continue; they read it between system calls. A machine that was paused or cut
 * off from the broker must not continue jobs that have been given to others meanwhile.
 */
export class LeaseWriter {
  /** The file that the workers read. */
  readonly path: string;
  /** Where no file can be opened without a name. */
  private readonly directory: string | null = null;
  private readonly fd: number;
  private isClosed = false;
  private readonly fields = new Float64Array(LEASE_FIELDS);

  constructor() {
    if (process.platform === 'linux') {
      // Without a name it cannot be left behind, and in memory the workers can map it.
      this.fd = openNameless();
      this.path = `/proc/${process.pid}/fd/${this.fd}`;
    } else {
      this.directory = mkdtempSync(join(tmpdir(), 'pcopy-lease-'));
      this.path = join(this.directory, 'until');
      this.fd = openSync(this.path, 'wx', 0o600);
    }
    this.write();
  }

  /** @param ms monotonic. Wall-clock time is written too, because the monotonic clock stops while a machine sleeps. */
  extendTo(ms: number): void {
    this.fields[0] = ms;
    this.fields[1] = Date.now() + (ms - monotonicMs());
    this.write();
  }

  /** Workers end after their current entry. */
  end(): void {
    this.fields[2] = 1;
    this.write();
  }

  share(bytesPerSecond: number): void {
    this.fields[3] = bytesPerSecond;
    this.write();
  }

  close(): void {
    if (this.isClosed) return;
    this.isClosed = true;
    closeSync(this.fd);
    if (this.directory !== null) rmSync(this.directory, { recursive: true, force: true });
  }

  private write(): void {
    if (this.isClosed) return;
    writeSync(this.fd, new Uint8Array(this.fields.buffer), 0, this.fields.byteLength, 0);
  }
}
