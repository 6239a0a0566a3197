import { explain } from './clone.ts';
import { manifest } from './handles.ts';
import type { Message } from './wire.ts';

/** What `process` and a ChildProcess have in common: Node's channel. */
export interface Port {
  readonly connected: boolean;
  send?(message: unknown, handle: undefined, options: undefined, done: (error: Error | null) => void): boolean;
}

/** One end of the channel between a parent and a child. Messages arrive in the order they were sent. */
export class Link {
  readonly #port: Port;
  #writing = 0;
  #drained: (() => void)[] = [];

  constructor(port: Port) {
    this.#port = port;
  }

  /**
   * Hands the message to the operating system before it returns, unless the pipe is full: then Node keeps it, the
   * result is false, and a producer should wait for `drained`. A closed channel swallows it: the death of the
   * other side is told elsewhere. Throws NotCloneable, naming the part of `value`.
   */
  send(message: Message, value?: unknown): boolean {
    manifest.length = 0;
    return this.#write(message, value);
  }

  /** Hands on a message from another process. It may be called while another message is being written. */
  relay(message: Message): boolean {
    return this.#write(message, undefined);
  }

  #write(message: Message, value: unknown): boolean {
    const port = this.#port;
    if (!port.connected || port.send === undefined) return true;
    try {
      this.#writing++;
      return port.send(message, undefined, undefined, this.#written);
    } catch (error) {
      this.#writing--;
      throw explain(error, value);
    }
  }

  /** Resolves when everything sent so far is with the operating system, or the channel is closed. */
  drained(): Promise<void> {
    if (this.#writing === 0) return Promise.resolve();
    return new Promise((resolve) => this.#drained.push(resolve));
  }

  readonly #written = (): void => {
    if (--this.#writing > 0) return;
    for (const resolve of this.#drained.splice(0)) resolve();
  };
}
