import type { Duplex } from 'node:stream';
import { encodeFrame, FrameReader } from './frames.ts';
import { serializing } from './handles.ts';
import type { Address, Message } from './protocol.ts';

/** The file descriptor of the link to the parent, in a child. */
export const LINK_FD = 3;

/** A socket, of which a pair connects parent and child. */
export interface Stream extends Duplex {
  ref?(): unknown;
  unref?(): unknown;
}

/** What streams call bytes that are not text. */
const BUFFER = 'buffer' as BufferEncoding;

/** Messages sent without a pause; then a sender that waits for room comes back to its event loop, room or not. */
const IN_ONE_GO = 1000;

/** One end of the channel between a parent and a child. Messages arrive in the order they were sent. */
export class Link {
  readonly #stream: Stream | null;
  /** Frames in their order. */
  #unsent: Buffer[] = [];
  #writing = 0;
  #inOneGo = 0;
  #heard = false;
  #broken = false;
  #drained: (() => void)[] = [];

  /** @param stream null when the other side could not be started. */
  constructor(stream: Stream | null, onMessage: (message: Message) => void) {
    this.#stream = stream;
    const reader = new FrameReader(onMessage);
    stream?.on('data', (chunk: Buffer) => {
      this.#inOneGo = 0;
      this.#heard = true;
      reader.push(chunk);
    });
    // `close` follows, and says all that matters.
    stream?.on('error', () => {});
  }

  /** The other side is dead, or as good as that; its death may not have been reported yet. */
  get closed(): boolean {
    return this.#broken || this.#stream === null || this.#stream.destroyed;
  }

  /** Resolves when all that the other side has sent is read, and it is dead. */
  untilClosed(): Promise<void> {
    return new Promise((resolve) => {
      if (this.#stream === null || this.#stream.destroyed) resolve();
      else this.#stream.once('close', resolve);
    });
  }

  /** For when the other side is dead: reads what it left, and closes the channel, whoever else may hold its end. */
  async end(): Promise<void> {
    const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));
    // Whole turns of the event loop: what it left is there, and each turn reads some of it.
    await turn();
    do {
      this.#heard = false;
      await turn();
    } while (this.#heard);
    this.#stream?.destroy();
  }

  ref(): void {
    this.#stream?.ref?.();
  }

  unref(): void {
    this.#stream?.unref?.();
  }

  /**
   * Hands the message to the operating system before it returns, unless that has no room: then the message is kept
   * here, the result is false, and a producer should wait for `drained`. A closed channel swallows it: the death of the
   * other side is told elsewhere. Throws NotCloneable, naming the part of `value`.
   *
   * @param to the process that will open the message, this link's other side or one behind it.
   */
  send(message: Message, value: unknown, to: Address): boolean {
    return serializing(value, to, () => this.relay(message));
  }

  /** Sends what holds no shared objects, or holds them as descriptors already. Also while another message is being written. */
  relay(message: Message): boolean {
    if (this.closed) return true;
    this.#unsent.push(encodeFrame(message));
    return this.flush();
  }

  /** As `relay`, but together with others at the end of this turn of the event loop, for one system call instead of many. */
  relaySoon(message: Message): void {
    if (this.closed) return;
    if (this.#unsent.length === 0) process.nextTick(this.flush);
    this.#unsent.push(encodeFrame(message));
  }

  /** Hands over what `relaySoon` has kept. */
  readonly flush = (): boolean => {
    const frames = this.#unsent.splice(0);
    const [first] = frames;
    if (first === undefined || this.#stream === null) return true;
    this.#writing++;
    // Not `write`: that destroys the stream when the other side is dead, with what it has sent and nobody has read yet.
    this.#stream._write(frames.length === 1 ? first : Buffer.concat(frames), BUFFER, this.#written);
    return this.#writing === 0 && ++this.#inOneGo < IN_ONE_GO;
  };

  /** Resolves when everything sent so far is with the operating system, or the channel is closed. */
  drained(): Promise<void> {
    if (this.#writing > 0) return new Promise((resolve) => this.#drained.push(resolve));
    if (this.#inOneGo < IN_ONE_GO) return Promise.resolve();
    this.#inOneGo = 0;
    return new Promise((resolve) => setImmediate(resolve));
  }

  readonly #written = (error?: Error | null): void => {
    if (error) this.#broken = true;
    if (--this.#writing > 0) return;
    for (const resolve of this.#drained.splice(0)) resolve();
  };
}
