import { EventEmitter } from 'node:events';
import { constants, fstatSync, openSync, writeSync } from 'node:fs';
import { isatty } from 'node:tty';

/** While nothing is taken, a write is tried again after so many milliseconds, at first and at most. */
const RETRY_MS = { first: 1, longest: 20 } as const;

interface Terminal {
  readonly columns: number;
  readonly rows: number;
}

/**
 * Writes to a descriptor without ever waiting in a system call: what its reader does not take is queued and tried again.
 * Emits `drain` when the queue is empty again, and `error` once, after which everything is thrown away.
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

  /** Gives up what is queued. The descriptor stays open. */
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

/** Device number 5:2: to open it again makes another terminal. */
const TERMINAL_MASTER = 0x502;

/**
 * Opens the pipe or terminal behind a descriptor again, for writes that never wait; the descriptor of a file is given back
 * itself. O_NONBLOCK belongs to the open file description, which others share: set there it makes the writes of a shell
 * fail, and libuv clears it again for every child that inherits the descriptor.
 * @returns null where that cannot be done: a socket, no /proc, a pipe or terminal of another user
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
