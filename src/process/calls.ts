import { decodeError, type EncodedError } from './error-codec.ts';
import { ConnectionClosed } from './errors.ts';
import { open } from './handles.ts';
import type { Address, Parcel } from './protocol.ts';

interface Call {
  to: Address;
  resolve(answer: unknown): void;
  reject(error: Error): void;
}

/** Questions to other processes that are not answered yet. */
export class Calls {
  readonly #open = new Map<number, Call>();
  #lastSeq = 0;

  /**
   * Sends a question under a new number, and waits for what comes back under it. Rejects with what `send` throws.
   *
   * @param arrived is told the answer, undefined for an error, before any later message is looked at; who awaits the
   * promise hears of it after all messages that came in at the same time.
   */
  ask(to: Address, send: (seq: number) => void, arrived?: (answer: unknown) => void): Promise<unknown> {
    return new Promise((resolve, reject) => {
      const seq = ++this.#lastSeq;
      const call = {
        to,
        resolve: (answer: unknown): void => {
          arrived?.(answer);
          resolve(answer);
        },
        reject: (error: Error): void => {
          arrived?.(undefined);
          reject(error);
        },
      };
      try {
        send(seq);
        this.#open.set(seq, call);
      } catch (error) {
        call.reject(error as Error);
      }
    });
  }

  answered(seq: number, answer: Parcel): void {
    this.#take(seq)?.resolve(open(answer));
  }

  refused(seq: number, error: EncodedError): void {
    this.#take(seq)?.reject(decodeError(error));
  }

  /** These processes are dead, and answer nothing any more. */
  leave(gone: (address: Address) => boolean): void {
    for (const [seq, { to, reject }] of this.#open) {
      if (!gone(to)) continue;
      this.#open.delete(seq);
      reject(new ConnectionClosed('the process of the shared object is gone'));
    }
  }

  #take(seq: number): Call | undefined {
    const call = this.#open.get(seq);
    this.#open.delete(seq);
    return call;
  }
}
