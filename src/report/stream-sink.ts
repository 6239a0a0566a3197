import { once } from 'node:events';
import { closeSync, constants, openSync } from 'node:fs';
import { type RawPath, toBytes } from '../api/names.ts';
import { NonBlockingStream } from '../fs/non-blocking-stream.ts';
import { fromNode, systemCall, systemCallAsync } from '../fs/system-error.ts';
import type { Sink } from './text-output.ts';

/** A reader may be so many bytes behind. */
const BEHIND = 1 << 20;

/** A list that goes to a FIFO or a device. One that nobody reads is an error (ENXIO), one that is read slowly is waited for. */
export class StreamSink implements Sink {
  readonly #fd: number;
  readonly #stream: NonBlockingStream;
  #lost: unknown;
  #isOpen = true;

  constructor(path: RawPath) {
    const { O_WRONLY, O_APPEND, O_NONBLOCK, O_NOCTTY } = constants;
    this.#fd = systemCall(() => openSync(toBytes(path), O_WRONLY | O_APPEND | O_NONBLOCK | O_NOCTTY));
    this.#stream = new NonBlockingStream(this.#fd);
    // Every report that is held back listens.
    this.#stream.setMaxListeners(0);
    this.#stream.on('error', (error) => {
      this.#lost = fromNode(error);
    });
  }

  write(bytes: Buffer): void {
    this.#stream.write(bytes);
    if (this.#lost !== undefined) throw this.#lost;
  }

  ready(): Promise<void> | undefined {
    return this.#stream.writableLength < BEHIND ? undefined : this.#drained();
  }

  async finish(): Promise<void> {
    await this.#drained();
    this.#close();
  }

  drop(): void {
    if (this.#isOpen) this.#close();
  }

  async #drained(): Promise<void> {
    if (this.#lost !== undefined) throw this.#lost;
    while (this.#stream.writableLength > 0) {
      await systemCallAsync(() => once(this.#stream, 'drain'));
    }
  }

  #close(): void {
    this.#isOpen = false;
    this.#stream.destroy();
    closeSync(this.#fd);
  }
}
