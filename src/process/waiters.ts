import type { Address, Parcel } from './protocol.ts';

/** Milliseconds. Node fires a timer set for longer at once; 24 days may as well be for ever. */
export const LONGEST_TIMER = 2 ** 31 - 1;

/** Somebody who waits at a shared object, from this process or another. */
export interface Waiter<T> {
  readonly caller: Address;
  readonly with: T;
  resolve(answer: Parcel): void;
  reject(error: Error): void;
}

/**
 * What somebody who waits will be told: to be called in the turn in which it was promised, with who sends the answer on. A promise would be
 * settled in a later microtask, and whatever the object says to the same process meanwhile would overtake the answer.
 */
export type Later = (resolve: (answer: Parcel) => void, reject: (error: Error) => void) => void;

/** Those who wait for the same thing, first come first served. Each leaves by an answer, its timeout, or its process's death. */
export class Waiters<T> {
  // Sets keep the order of insertion, and let go from the middle in constant time.
  readonly #line = new Set<Waiter<T>>();

  get size(): number {
    return this.#line.size;
  }

  count(caller: Address): number {
    let count = 0;
    for (const waiter of this.#line) if (waiter.caller === caller) count++;
    return count;
  }

  /** Queues up. Refused with `late()` after `wait` milliseconds; null waits for ever. */
  join(caller: Address, what: T, wait: number | null, late: () => Error): Later {
    return (resolve, reject) => {
      let timer: NodeJS.Timeout | undefined;
      const leave = (): void => {
        clearTimeout(timer);
        this.#line.delete(waiter);
      };
      const waiter: Waiter<T> = {
        caller,
        with: what,
        resolve: (parcel) => {
          leave();
          resolve(parcel);
        },
        reject: (error) => {
          leave();
          reject(error);
        },
      };
      this.#line.add(waiter);
      if (wait !== null && wait <= LONGEST_TIMER) timer = setTimeout(() => waiter.reject(late()), wait);
    };
  }

  /** The one whose turn it is; it stays until it is answered. */
  first(): Waiter<T> | undefined {
    return this.#line.values().next().value;
  }

  /** Those who wait now. They may be answered on the way. */
  all(): Waiter<T>[] {
    return [...this.#line];
  }

  /** Sends the dead away. Their rejection goes nowhere. */
  leave(gone: (address: Address) => boolean): void {
    for (const waiter of this.all())
      if (gone(waiter.caller)) waiter.reject(new Error('the process that waited is gone'));
  }
}
