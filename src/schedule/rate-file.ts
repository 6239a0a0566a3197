import { closeSync, ftruncateSync, mkdtempSync, openSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { RefusedError } from '../api/errors.ts';
import { fromText } from '../api/names.ts';
import { openNameless } from '../process/notes.ts';
import { monotonicMs } from '../protocol/monotonic-clock.ts';
import type { RateLimit } from '../protocol/worker-config.ts';

/** Pauses of about this length, in milliseconds, keep the rate smooth. */
const UNIT_SECONDS = 0.02;
const LARGEST_UNIT = 64 * 1024;

/** The file through which workers share a rate (see `worker/rate-limit.ts`). On Linux it has no name, so that none is left behind. */
export class RateFile {
  readonly limit: RateLimit;
  /** Where no file can be opened without a name. */
  private readonly directory: string | null = null;
  private readonly fd: number;

  /**
   * @param bytesPerSecond 1 or more
   * @throws RefusedError when no temporary file can be created
   */
  constructor(bytesPerSecond: number) {
    const place = tmpdir();
    let path: string;
    try {
      if (process.platform === 'linux') {
        this.fd = openNameless([place]);
        path = `/proc/${process.pid}/fd/${this.fd}`;
      } else {
        this.directory = mkdtempSync(join(place, 'pcopy-rate-'));
        path = join(this.directory, 'moved');
        this.fd = openSync(path, 'wx', 0o600);
      }
    } catch (error) {
      if (this.directory !== null) rmSync(this.directory, { recursive: true, force: true });
      const { code = 'EIO' } = error as NodeJS.ErrnoException;
      throw new RefusedError(fromText(place), 'no place for the file that --bwlimit needs', code, { cause: error });
    }
    const unit = Math.max(1, Math.min(LARGEST_UNIT, Math.floor(bytesPerSecond * UNIT_SECONDS)));
    this.limit = { path, bytesPerSecond, unit, startMs: monotonicMs() };
  }

  /** The time until now is not caught up with. To be called before the rate is used. */
  begin(): void {
    const { startMs, unit, bytesPerSecond } = this.limit;
    ftruncateSync(this.fd, Math.floor(((monotonicMs() - startMs) * bytesPerSecond) / (1000 * unit)));
  }

  close(): void {
    closeSync(this.fd);
    if (this.directory !== null) rmSync(this.directory, { recursive: true, force: true });
  }
}
