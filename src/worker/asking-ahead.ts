import type { RawPath } from '../api/names.ts';
import type { AskAhead } from '../fs/ask-ahead.ts';
import type { FileSystem, Handle } from '../fs/file-system.ts';
import { processorMs } from './processor-time.ts';

/** Milliseconds for an entry, of which storage that answers at once needs one only for big files. */
const LATE_MS = 5;
const LATE_IN_A_ROW = 2;
/** A worker that spends less than this share of such entries on a processor, or waiting for one, waits for the storage. */
const MOSTLY_WAITING = 0.5;
/** Milliseconds for an entry: where a request is so late, another thread is up long before the two requests that precede the next change. */
const VERY_LATE_MS = 50;

/**
 * Where storage answers late, the worker has it asked in other threads while it waits for another answer. Elsewhere that would take longer
 * than the call itself.
 */
export class AskingAhead {
  private readonly fs: FileSystem;
  private readonly clock: () => number;
  /** null: not late, or not possible. */
  private ask: AskAhead | null = null;
  private inARow = 0;
  private rowMs = 0;
  private rowBegan = 0;
  private lastMs = 0;

  /** @param clock milliseconds of the worker on a processor or waiting for one */
  constructor(fs: FileSystem, clock = processorMs) {
    this.fs = fs;
    this.clock = clock;
  }

  get isLate(): boolean {
    return this.ask !== null;
  }

  /** @param ms duration of copying an entry */
  observe(ms: number): void {
    this.lastMs = ms;
    if (this.ask !== null) return;
    if (ms <= LATE_MS) {
      this.inARow = 0;
      return;
    }
    // The first one only starts the clock, which is not read for others.
    if (this.inARow++ === 0) {
      this.rowBegan = this.clock();
      this.rowMs = 0;
      return;
    }
    this.rowMs += ms;
    if (this.inARow <= LATE_IN_A_ROW) return;
    this.inARow = 0;
    if (this.clock() - this.rowBegan < MOSTLY_WAITING * this.rowMs) this.ask = this.fs.askAhead;
  }

  /** The entry is the next one. */
  entry(dir: Handle, name: RawPath): void {
    this.ask?.entry(dir, name);
  }

  /** A file was made in the directory, and will be renamed there. */
  made(dir: Handle): void {
    this.ask?.access(dir);
  }

  /** A file was renamed in the directory, and the next one will be made there. */
  renamed(dir: Handle): void {
    if (this.lastMs > VERY_LATE_MS) this.ask?.access(dir);
  }

  /** Closes a file of the source. Throws SystemError where it is not late. */
  close(handle: Handle): void {
    if (this.ask === null) this.fs.close(handle);
    else this.ask.close(handle);
  }
}
