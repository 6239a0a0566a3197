import { explain } from './clone.ts';
import { cancelManifest, startManifest } from './handles.ts';
import type { Address, Message } from './wire.ts';

/** What `process` and a ChildProcess have in common: Node's channel. */
export interface Port {
  readonly connected: boolean;
  send?(message: unknown, handle: undefined, options: undefined, done: (error: Error | null) => void): boolean;
}

/** Messages handed over without a pause; then whether they could be written is looked at. Only a later turn tells. */
const IN_ONE_GO = 1000;

/** One end of the channel between a parent and a child. Messages arrive in the order they were sent. */
export class Link {
  readonly #port: Port;
  #writing = 0;
  #broken = false;
  #drained: (() => void)[] = [];

  constructor(port: Port) {
    this.#port = port;
  }

  /** The other side is dead, or as good as that; its death may not have been told yet. */
  get closed(): boolean {
    return this.#broken || !this.#port.connected || this.#port.send === undefined;
  }

  /**
   * Hands the message to the operating system before it returns, unless the pipe is full: then Node keeps it, the
   * result is false, and a producer should wait for `drained`. A closed channel swallows it: the death of the
   * other side is told elsewhere. Throws NotCloneable, naming the part of `value`.
   *
   * @param to the process that will open the message, this link's other side or one behind it.
   */
  send(message: Message, value: unknown, to: Address): boolean {
    startManifest(to);
    try {
      return this.relay(message);
    } catch (error) {
      try {
        throw explain(error, value);
      } finally {
        // Last: looking for the part at fault serializes again, and each time the ends of pipes met count as held.
        cancelManifest();
      }
    }
  }

  /** Sends what holds no shared objects, or holds them as descriptors already. Also while another message is being written. */
  relay(message: Message): boolean {
    const port = this.#port;
    if (!port.connected || port.send === undefined) return true;
    this.#writing++;
    try {
      return port.send(message, undefined, undefined, this.#written) && this.#writing < IN_ONE_GO;
    } catch (error) {
      this.#writing--;
      throw error;
    }
  }

  /** Resolves when everything sent so far is with the operating system, or the channel is closed. */
  drained(): Promise<void> {
    if (this.#writing === 0) return Promise.resolve();
    return new Promise((resolve) => this.#drained.push(resolve));
  }

  readonly #written = (error: Error | null): void => {
    if (error) this.#broken = true;
    if (--this.#writing > 0) return;
    for (const resolve of this.#drained.splice(0)) resolve();
  };
}
