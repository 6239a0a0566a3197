import { checkNames, checkWhole, shown, type WaitOptions } from './arguments.ts';
import { ConnectionClosed, MisuseError } from './errors.ts';
import { keepWith, reviveWith } from './handles.ts';
import { asEnd, type End, PipeCore } from './pipe-core.ts';
import { Lane } from './pipe-lane.ts';
import type { Descriptor } from './protocol.ts';
import { router } from './router.ts';
import { describe, Existing, Shared } from './shared.ts';

export interface PipeOptions {
  /** Both ends send and receive; default. False: the first end only receives, the second only sends. */
  duplex?: boolean | undefined;
}

/** In a descriptor's detail, beside the number of the end. */
const DUPLEX = 2;

/**
 * One end of a pipe. It can be sent to other processes; each of them, and this one, then holds the end, and it is closed
 * when all have closed it or died. So close what you only sent on: the other side waits for that.
 */
export class PipeEnd extends Shared implements AsyncIterable<unknown> {
  readonly #descriptor: Descriptor;
  readonly #incoming: Lane | null;
  readonly #outgoing: Lane | null;
  #closed = false;

  /** @internal Made by `pipe`. */
  constructor(descriptor: Descriptor) {
    super(new Existing(descriptor));
    this.#descriptor = descriptor;
    const { owner, id, detail } = descriptor;
    const end = endOf(descriptor);
    const other: End = end === 0 ? 1 : 0;
    const duplex = detail >= DUPLEX;
    this.#incoming = duplex || end === 0 ? new Lane(owner, id, end) : null;
    this.#outgoing = duplex || end === 1 ? new Lane(owner, id, other) : null;
  }

  /**
   * Sends a value. Resolves when the pipe has room for it; it is handed over before this returns.
   * Rejects with EndOfFile when the other end is closed everywhere, WaitTimeout, NotCloneable, MisuseError.
   */
  async send(value: unknown, options?: WaitOptions): Promise<void> {
    await this.#out().put(value, options);
  }

  /**
   * Receives a value. Rejects with EndOfFile when nothing is left and the other end is closed everywhere, WaitTimeout; with
   * a plain ConnectionClosed when this end was closed here.
   */
  async recv(options?: WaitOptions): Promise<unknown> {
    return this.#in().receive(null, options);
  }

  /** Whether `recv` would not have to wait: a message, or the end. Waits for that up to `timeout` milliseconds, default 0. */
  async poll(options: WaitOptions = { timeout: 0 }): Promise<boolean> {
    return this.#in().poll(options);
  }

  /** Sends the bytes from `offset` on, `size` of them. Rejects as `send` does, with RangeError for bytes that are not there. */
  async sendBytes(bytes: NodeJS.ArrayBufferView, offset = 0, size = bytes.byteLength - offset): Promise<void> {
    if (!ArrayBuffer.isView(bytes)) throw new TypeError(`expected bytes, not ${shown(bytes)}`);
    checkWhole('offset', offset, 0);
    checkWhole('size', size, 0);
    if (offset + size > bytes.byteLength) {
      throw new RangeError(`no bytes ${offset} to ${offset + size} in ${bytes.byteLength}`);
    }
    await this.#out().put(Buffer.from(bytes.buffer, bytes.byteOffset + offset, size));
  }

  /** Receives bytes. A message longer than `maxLength` stays in the pipe: BufferTooShort. One that is not bytes: MisuseError. */
  async recvBytes(maxLength = Number.POSITIVE_INFINITY, options?: WaitOptions): Promise<Buffer> {
    return asBuffer(await this.#in().receive(maxLength, options));
  }

  /** Receives bytes into a buffer from `offset` on; how many they were. Rejects as `recvBytes` does. */
  async recvBytesInto(target: NodeJS.ArrayBufferView, offset = 0, options?: WaitOptions): Promise<number> {
    const bytes = await this.recvBytes(Math.max(0, target.byteLength - offset), options);
    return bytes.copy(new Uint8Array(target.buffer, target.byteOffset, target.byteLength), offset);
  }

  /** Lets go of this end in this process. What was sent is still received. */
  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    drop(this.#descriptor, router.address);
  }

  /** Receives message after message until the other end is closed everywhere. */
  async *[Symbol.asyncIterator](): AsyncGenerator<unknown, void, undefined> {
    for (;;) {
      let message: unknown;
      try {
        message = await this.recv();
      } catch (error) {
        if (error instanceof ConnectionClosed) return;
        throw error;
      }
      yield message;
    }
  }

  protected override leaving(): void {
    this.#check();
    super.leaving();
  }

  #in(): Lane {
    this.#check();
    if (this.#incoming === null) throw new MisuseError('this end of the pipe only sends');
    return this.#incoming;
  }

  #out(): Lane {
    this.#check();
    if (this.#outgoing === null) throw new MisuseError('this end of the pipe only receives');
    return this.#outgoing;
  }

  #check(): void {
    if (this.#closed) throw new ConnectionClosed('this end of the pipe is closed here');
  }
}

/** A connection between two processes, or two parts of one. It lives in the process that makes it. */
export function pipe(options: PipeOptions = {}): [PipeEnd, PipeEnd] {
  checkNames(options, ['duplex']);
  const { duplex = true } = options;
  if (typeof duplex !== 'boolean') throw new TypeError(`duplex must be true or false, not ${shown(duplex)}`);
  const first = describe('pipe', duplex ? DUPLEX : 0);
  new PipeCore(first.id); // The router has it.
  return [new PipeEnd(first), new PipeEnd({ ...first, detail: first.detail + 1 })];
}

function endOf(descriptor: Descriptor): End {
  return asEnd(descriptor.detail % DUPLEX);
}

function drop(descriptor: Descriptor, holder: string): void {
  router.tell(descriptor.owner, descriptor.id, { op: 'drop', end: endOf(descriptor), holder });
}

function asBuffer(value: unknown): Buffer {
  if (!(value instanceof Uint8Array)) throw new TypeError('not bytes');
  return Buffer.from(value.buffer, value.byteOffset, value.byteLength);
}

reviveWith('pipe', (descriptor) => new PipeEnd(descriptor));
keepWith('pipe', {
  hold: (descriptor, holder) => {
    router.tell(descriptor.owner, descriptor.id, { op: 'hold', end: endOf(descriptor), holder });
  },
  drop,
});
