import { EventEmitter } from 'node:events';
import { constants, fstatSync, openSync, writeSync } from 'node:fs';
import { isatty } from 'node:tty';

/** Milliseconds between attempts while the reader takes nothing: the first and the longest pause. */
const RETRY_MS = { first: 1, longest: 20 } as const;

interface Terminal {
  readonly columns: number;
  readonly rows: number;
}

/**
 * Writes to a descriptor without blocking in a system call: unread output is queued and tried again. Emits `drain` when the queue
 * is empty again, and `error` once, after which all output is dropped.
 */
export class NonBlockingStream extends EventEmitter {
  writableLength = 0;
  readonly #fd: number;
  readonly #terminal: Terminal | undefined;
  readonly #queue: Buffer[] = [];
  #retry: NodeJS.Timeout | undefined;
  #delay: number = RETRY_MS.first;
  #broken = false;

  /**
   * @param fd of a file, or what `reopenNonBlocking` gave
   * @param terminal its size, when it is one
   */
  constructor(fd: number, terminal?: Terminal) {
    super();
    this.#fd = fd;
    this.#terminal = terminal;
  }

  get isTTY(): boolean {
    return this.#terminal !== undefined;
  }

  get columns(): number | undefined {
    return this.#terminal?.columns;
  }

  get rows(): number | undefined {
    return this.#terminal?.rows;
  }

  get writableNeedDrain(): boolean {
    return this.writableLength > 0;
  }

  /** @returns false when some of it is queued */
  write(text: string | Buffer): boolean {
    if (this.#broken) return false;
    const bytes = Buffer.from(text);
    this.#queue.push(bytes);
    this.writableLength += bytes.length;
    if (this.#retry === undefined) this.#flush();
    return this.writableLength === 0;
  }

  /** Drops queued output. The descriptor stays open. */
  destroy(): void {
    clearTimeout(this.#retry);
    this.#broken = true;
    this.#queue.length = 0;
    this.writableLength = 0;
  }

  #flush(): void {
    try {
      for (let next = this.#queue[0]; next !== undefined; next = this.#queue[0]) {
        const taken = writeSync(this.#fd, next);
        this.#delay = RETRY_MS.first;
        this.writableLength -= taken;
        if (taken < next.length) this.#queue[0] = next.subarray(taken);
        else this.#queue.shift();
      }
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'EAGAIN') this.#tryLater();
      else this.#break(error);
    }
  }

  #tryLater(): void {
    this.#retry = setTimeout(() => {
      this.#retry = undefined;
      this.#flush();
      if (this.writableLength === 0 && !this.#broken) this.emit('drain');
    }, this.#delay);
    this.#delay = Math.min(2 * this.#delay, RETRY_MS.longest);
  }

  #break(error: unknown): void {
    this.destroy();
    this.emit('error', error);
  }
}

/** Device number 5:2 (/dev/ptmx): opening it again creates another terminal. */
const TERMINAL_MASTER = 0x502;

/**
 * Reopens the pipe or terminal behind a descriptor for non-blocking writes; returns the descriptor itself for a file. O_NONBLOCK
 * belongs to the open file description, which is shared: set there it would make the writes of a shell fail, and libuv clears it
 * for every child that inherits the descriptor.
 * @returns null when that is not possible: a socket, no /proc, a pipe or terminal of another user
 */
export function reopenNonBlocking(fd: number): number | null {
  const { O_WRONLY, O_NONBLOCK, O_NOCTTY } = constants;
  try {
    const stat = fstatSync(fd);
    if (stat.isSocket() || stat.rdev === TERMINAL_MASTER) return null;
    if (!stat.isFIFO() && !isatty(fd)) return fd;
    return openSync(`/proc/self/fd/${fd}`, O_WRONLY | O_NONBLOCK | O_NOCTTY);
  } catch {
    return null;
  }
}
