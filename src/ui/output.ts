/** The part of a writable stream this needs: process.stdout, process.stderr and NonBlockingStream are such. */
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

/** Lines that wait for a reader beyond this are given up: a reader that stopped for good must not fill the memory. */
const HOLD = 64 << 20;
/** From here on whoever can wait should (see `ready`). */
const PAUSE = 1 << 20;
/** Many small writes become one system call of about this size. */
const BATCH = 64 << 10;

/**
 * A standard stream that may be closed, full or no longer read without any harm to the copy: `write` never throws and never
 * waits. The stream queues what the reader has not taken; what stands in that queue is bounded by `HOLD`,
 * and a producer that awaits `ready` keeps it near `PAUSE`.
 */
export class Output {
  readonly stream: OutputStream;
  /** Why something could not be written; nothing is written any more. */
  lost: NodeJS.ErrnoException | undefined;
  #batch = '';
  #scheduled = false;
  #waiting: (() => void)[] = [];
  #listening = false;
  readonly #filter: (text: string) => string;

  /** @param filter has the last word on every text; lines come to it whole */
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

  /** For what is worth nothing later, such as a frame of the bar: left out when the reader lags. */
  offer(text: string): boolean {
    this.flush();
    if (this.lost || this.stream.writableLength > 0) return false;
    this.#send(text);
    return true;
  }

  /** Hands what was collected to the system. */
  flush(): void {
    const batch = this.#batch;
    this.#batch = '';
    if (batch !== '' && !this.lost) this.#send(batch);
  }

  /** Undefined when more may be written at once; else a promise for it. It resolves too when the stream is lost. */
  ready(): Promise<void> | undefined {
    if (this.lost || this.#batch.length + this.stream.writableLength < PAUSE) return undefined;
    return this.drained();
  }

  /** Everything written has been taken by the system, or is lost. May never resolve when a reader has stopped. */
  async drained(): Promise<void> {
    this.flush();
    // A file reports what went wrong with a write only in the next turn.
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
    // `drain` comes only after a write that returned false. Below that mark an empty write's callback would do, but a
    // short poll needs nothing from the stream and runs only at the end of a run.
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
