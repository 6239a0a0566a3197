import type { RawPath } from '../api/names.ts';
import type { AskAhead } from '../fs/ask-ahead.ts';
import type { FileSystem, Handle } from '../fs/file-system.ts';
import { LateRow } from '../fs/late-row.ts';

/** Milliseconds for an entry, of which storage that answers at once needs one only for big files. */
const LATE_MS = 5;
const LATE_IN_A_ROW = 2;
/** Milliseconds for an entry: where a request is so late, another thread is up long before the two requests that precede the next change. */
const VERY_LATE_MS = 50;

/**
 * Where storage answers late, the worker has it asked in other threads while it waits for another answer. Elsewhere that would take longer
 * than the call itself.
 */
export class AskingAhead {
  private readonly fs: FileSystem;
  private readonly row: LateRow;
  /** null: not late, or not possible. */
  private ask: AskAhead | null = null;
  private lastMs = 0;

  /** @param clock milliseconds of the worker on a processor or waiting for one */
  constructor(fs: FileSystem, clock?: () => number) {
    this.fs = fs;
    this.row = new LateRow(LATE_IN_A_ROW, clock);
  }

  get isLate(): boolean {
    return this.ask !== null;
  }

  /** @param ms duration of copying an entry */
  observe(ms: number): void {
    this.lastMs = ms;
    if (this.ask === null && this.row.observe(ms, ms > LATE_MS)) this.ask = this.fs.askAhead;
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
