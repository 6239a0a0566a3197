/** The part of a writable stream that is needed: process.stdout, process.stderr and NonBlockingStream have it. */
export interface OutputStream {
  write(text: string): boolean;
  on(event: 'error', listener: (error: NodeJS.ErrnoException) => void): unknown;
  once(event: 'drain', listener: () => void): unknown;
  readonly writableLength: number;
  readonly writableNeedDrain: boolean;
  readonly isTTY?: boolean;
  readonly columns?: number | undefined;
  readonly rows?: number | undefined;
}

/** Bytes that may wait for a reader; beyond that output is dropped, so that a stopped reader does not fill the memory. */
const HOLD = 64 << 20;
/** Bytes from which on producers should wait (see `ready`). */
const PAUSE = 1 << 20;
/** Bytes: small writes are combined into system calls of about this size. */
const BATCH = 64 << 10;

/**
 * A standard stream whose failure does not affect the copy: `write` neither throws nor blocks when it is closed, full or no
 * longer read. The stream queues unread output, up to `HOLD`; a producer that awaits `ready` keeps the queue near `PAUSE`.
 */
export class Output {
  readonly stream: OutputStream;
  /** The error that ended all writing. */
  lost: NodeJS.ErrnoException | undefined;
  #batch = '';
  #scheduled = false;
  #waiting: (() => void)[] = [];
  #listening = false;
  readonly #filter: (text: string) => string;

  /** @param filter applied to every text; lines are not split */
  constructor(stream: OutputStream, filter = (text: string) => text) {
    this.stream = stream;
    this.#filter = filter;
    stream.on('error', (error) => this.#lose(error));
  }

  get isTerminal(): boolean {
    return this.stream.isTTY === true;
  }

  write(text: string): void {
    if (this.lost) return;
    this.#batch += text;
    if (this.#batch.length >= BATCH) this.flush();
    else if (!this.#scheduled) {
      this.#scheduled = true;
      setImmediate(() => {
        this.#scheduled = false;
        this.flush();
      });
    }
  }

  /** Writes what is worthless later, such as a frame of the bar; skipped while the reader lags. */
  offer(text: string): boolean {
    this.flush();
    if (this.lost || this.stream.writableLength > 0) return false;
    this.#send(text);
    return true;
  }

  /** Writes what was collected. */
  flush(): void {
    const batch = this.#batch;
    this.#batch = '';
    if (batch !== '' && !this.lost) this.#send(batch);
  }

  /** Undefined when more may be written now; else a promise for that moment, which resolves too when the stream is lost. */
  ready(): Promise<void> | undefined {
    if (this.lost || this.#batch.length + this.stream.writableLength < PAUSE) return undefined;
    return this.drained();
  }

  /** Resolves when everything has been written or is lost; maybe never, when a reader has stopped. */
  async drained(): Promise<void> {
    this.flush();
    // A file reports a failed write only in the next turn of the event loop.
    await new Promise((resolve) => setImmediate(resolve));
    while (!this.lost && this.stream.writableLength > 0) {
      await new Promise<void>((resolve) => {
        this.#waiting.push(resolve);
        this.#listen();
      });
    }
  }

  #send(text: string): void {
    if (this.stream.writableLength + text.length > HOLD) {
      this.#lose(Object.assign(new Error('its reader has stopped'), { code: 'EPCOPY_READER' }));
      return;
    }
    try {
      this.stream.write(this.#filter(text));
    } catch (error) {
      this.#lose(error as NodeJS.ErrnoException);
    }
  }

  #listen(): void {
    if (this.#listening) return;
    this.#listening = true;
    // `drain` comes only after a write that returned false; otherwise poll, which happens only at the end of a run.
    if (this.stream.writableNeedDrain) this.stream.once('drain', () => this.#wake());
    else setTimeout(() => this.#wake(), 5);
  }

  #wake(): void {
    this.#listening = false;
    for (const resolve of this.#waiting.splice(0)) resolve();
  }

  #lose(error: NodeJS.ErrnoException): void {
    this.lost ??= error;
    this.#batch = '';
    this.#wake();
  }
}
