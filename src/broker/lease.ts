import { closeSync, mkdtempSync, openSync, rmSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { LEASE_FIELDS } from '../protocol/lease.ts';
import { monotonicMs } from '../protocol/steady-clock.ts';

/**
 * Until when this machine's workers may go on, for them to read between two system calls: a machine that was paused, or cut off
 * from the broker, must not go on with jobs that others have been given meanwhile.
 */
export class Lease {
  /** Where the workers find it. */
  readonly path: string;
  private readonly directory: string;
  private readonly fd: number;
  private readonly fields = new Float64Array(LEASE_FIELDS);

  constructor() {
    this.directory = mkdtempSync(join(tmpdir(), 'pcopy-lease-'));
    const path = join(this.directory, 'until');
    this.fd = openSync(path, 'wx', 0o600);
    const linux = process.platform === 'linux';
    // Nameless where that is possible: it cannot stay behind then.
    if (linux) rmSync(this.directory, { recursive: true });
    this.path = linux ? `/proc/${process.pid}/fd/${this.fd}` : path;
    this.write();
  }

  /** @param ms on the steady clock. The clock of the day says it too: the other stands still while a machine sleeps. */
  extendTo(ms: number): void {
    this.fields[0] = ms;
    this.fields[1] = Date.now() + (ms - monotonicMs());
    this.write();
  }

  /** Whoever works ends after the entry in hand. */
  end(): void {
    this.fields[2] = 1;
    this.write();
  }

  close(): void {
    closeSync(this.fd);
    rmSync(this.directory, { recursive: true, force: true });
  }

  private write(): void {
    writeSync(this.fd, new Uint8Array(this.fields.buffer), 0, this.fields.byteLength, 0);
  }
}
