import type { RawPath } from '../api/names.ts';
import type { AskAhead } from '../fs/ask-ahead.ts';
import type { FileSystem, Handle } from '../fs/file-system.ts';
import { LateRow } from '../fs/late-row.ts';
import { MadeAhead } from './made-ahead.ts';
import { OpenedAhead } from './opened-ahead.ts';
import type { NamedFile } from './temporary-file.ts';

/** Milliseconds for an entry, of which storage that answers at once needs one only for big files. */
const LATE_MS = 5;
const LATE_IN_A_ROW = 2;
/**
 * Milliseconds for an entry. From here on, opening and making files ahead saves more than the files that are then not needed cost: another
 * thread wakes up long before the answer of the current request.
 */
const VERY_LATE_MS = 50;
const VERY_LATE_IN_A_ROW = 1;
/** So many entries in a row, each of fewer milliseconds than a request of late storage: it was late for a while, or the files were big. */
const AT_ONCE_MS = 0.5;
const AT_ONCE_IN_A_ROW = 16;

/**
 * Where storage answers late, the worker has it asked in other threads while it waits for another answer. Elsewhere that would take longer
 * than the call itself.
 */
export class AskingAhead {
  private readonly fs: FileSystem;
  private readonly row: LateRow;
  private readonly veryLateRow: LateRow;
  /** null: not late, or not possible. */
  private ask: AskAhead | null = null;
  /** So late that the next files are opened and made ahead. */
  isVeryLate = false;
  private atOnce = 0;
  private lastMs = 0;
  private planned: number | null = null;
  private sources: OpenedAhead | null = null;
  private next: MadeAhead | null = null;

  /** @param clock milliseconds of the worker on a processor or waiting for one */
  constructor(fs: FileSystem, clock?: () => number) {
    this.fs = fs;
    this.row = new LateRow(LATE_IN_A_ROW, clock);
    this.veryLateRow = new LateRow(VERY_LATE_IN_A_ROW, clock);
  }

  get isLate(): boolean {
    return this.ask !== null;
  }

  /** Files may be there that `takeAllMade` gives back. */
  get hasMade(): boolean {
    return this.next !== null;
  }

  /** @param ms duration of copying an entry */
  observe(ms: number): void {
    this.lastMs = ms;
    this.atOnce = ms < AT_ONCE_MS ? this.atOnce + 1 : 0;
    if (this.ask === null) {
      if (this.row.observe(ms, ms > LATE_MS)) this.ask = this.fs.askAhead;
    } else if (this.atOnce >= AT_ONCE_IN_A_ROW) {
      this.ask = null;
      this.isVeryLate = false;
    }
    if (this.isVeryLate || !this.veryLateRow.observe(ms, ms > VERY_LATE_MS)) return;
    this.ask = this.fs.askAhead;
    if (this.ask === null) return;
    this.isVeryLate = true;
    this.sources ??= new OpenedAhead(this.ask);
    this.next ??= new MadeAhead(this.ask);
  }

  /** A turn of the event loop, in which this thread hears of the files that others have opened and made. */
  async turn(): Promise<void> {
    this.planned = null;
    await new Promise((resolve) => setImmediate(resolve));
  }

  /** The entry is one of the next ones, a file that will be read. */
  open(dir: Handle, name: RawPath): void {
    this.sources?.begin(dir, name);
  }

  /** The file, if it is open by now; it stays here. */
  opened(name: RawPath): Handle | null {
    return this.sources?.peek(name) ?? null;
  }

  /** The open file will be read. @param bytes to have at hand then */
  fetch(handle: Handle, bytes: number): void {
    this.ask?.fetch(handle, bytes);
  }

  /** The file, if it is open; for the caller to close. */
  take(name: RawPath): Handle | null {
    return this.sources?.take(name) ?? null;
  }

  /** The files that are open are not the next ones any more. */
  drop(): void {
    this.sources?.drop();
  }

  /** The file after this one will want a temporary file with this mode. */
  plan(mode: number): void {
    this.planned = mode;
  }

  /** This file has its temporary file, so that of the next one can be made: both at once would wait for each other. */
  make(dir: Handle, temporary: () => RawPath): void {
    if (this.planned !== null) this.next?.begin(dir, temporary(), this.planned);
    this.planned = null;
  }

  /** The temporary file, if it is there and has this mode. */
  takeMade(dir: Handle, mode: number): NamedFile | null {
    return this.next?.take(dir, mode) ?? null;
  }

  /** The temporary files that nobody has taken, for the caller to remove. */
  async takeAllMade(): Promise<NamedFile[]> {
    return (await this.next?.takeAll()) ?? [];
  }

  /** The entry is the next one. */
  entry(dir: Handle, name: RawPath): void {
    this.ask?.entry(dir, name);
  }

  /** A file was made in the directory, and will be renamed there. */
  made(dir: Handle): void {
    if (!this.isVeryLate) this.ask?.access(dir);
  }

  /** A file will be renamed in the directory after the next request. By now the one that is made ahead is there. */
  willRename(dir: Handle): void {
    if (this.isVeryLate) this.ask?.access(dir);
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
