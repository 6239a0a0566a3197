import { MisuseError, WaitTimeout } from './errors.ts';
import { plain } from './handles.ts';
import type { Home } from './router.ts';
import { type Answer, Waiters } from './waiters.ts';
import type { Address, Descriptor, Operation, Parcel } from './wire.ts';

/** A lock where it lives. Held by a process, so that its death can be seen. */
export class LockCore implements Home {
  readonly #waiters = new Waiters<null>();
  /** Those who were waiting when a holder died. */
  readonly #warned = new WeakSet<object>();
  #holder: Address | null = null;
  /** A holder died, and nobody was waiting to be told. */
  #abandoned = false;

  handle(op: Operation, caller: Address, _handles: readonly Descriptor[]): Parcel | Answer {
    switch (op.op) {
      case 'acquire':
        return this.#acquire(caller, op.wait);
      case 'release':
        if (this.#holder !== caller) throw new MisuseError('the lock is not held by this process');
        this.#pass();
        return plain(null);
      default:
        throw new TypeError(`a lock knows no ${op.op}`);
    }
  }

  leave(gone: (address: Address) => boolean): void {
    this.#waiters.leave(gone);
    if (this.#holder === null || !gone(this.#holder)) return;
    for (const waiter of this.#waiters.all()) this.#warned.add(waiter);
    this.#abandoned = this.#waiters.size === 0;
    this.#pass();
  }

  #acquire(caller: Address, wait: number | null): Parcel | Answer {
    if (this.#holder !== null) {
      return this.#waiters.join(caller, null, wait, () => new WaitTimeout(`the lock was not free within ${wait} ms`));
    }
    this.#holder = caller;
    const abandoned = this.#abandoned;
    this.#abandoned = false;
    return plain(abandoned);
  }

  /** To the next in line. The answer says whether a holder died while it waited. */
  #pass(): void {
    const next = this.#waiters.first();
    this.#holder = next?.caller ?? null;
    next?.resolve(plain(this.#warned.has(next)));
  }
}
