import type { RawPath } from '../api/names.ts';
import type { AskAhead } from '../fs/ask-ahead.ts';
import type { FileSystem, Handle } from '../fs/file-system.ts';

/** Milliseconds for an entry, of which storage that answers at once needs one only for big files. */
const LATE_MS = 5;
const LATE_IN_A_ROW = 2;

/**
 * Where storage answers late, the worker has it asked in other threads while it waits for another answer. Elsewhere that would take longer
 * than the call itself.
 */
export class AskingAhead {
  private readonly fs: FileSystem;
  /** null: not late, or not possible. */
  private ask: AskAhead | null = null;
  private inARow = 0;

  constructor(fs: FileSystem) {
    this.fs = fs;
  }

  get isLate(): boolean {
    return this.ask !== null;
  }

  /** @param ms duration of copying an entry */
  observe(ms: number): void {
    if (this.ask !== null) return;
    this.inARow = ms > LATE_MS ? this.inARow + 1 : 0;
    if (this.inARow >= LATE_IN_A_ROW) this.ask = this.fs.askAhead;
  }

  /** The entry is the next one. */
  entry(dir: Handle, name: RawPath): void {
    this.ask?.entry(dir, name);
  }

  /** Something was put into the directory or renamed there, and more will be. */
  changed(dir: Handle): void {
    this.ask?.access(dir);
  }

  /** Closes a file of the source. Throws SystemError where it is not late. */
  close(handle: Handle): void {
    if (this.ask === null) this.fs.close(handle);
    else this.ask.close(handle);
  }
}
