import { MisuseError, WaitTimeout } from './errors.ts';
import { plain } from './handles.ts';
import type { Address, Descriptor, Operation, Parcel } from './protocol.ts';
import type { Owner } from './router.ts';
import { makeWith } from './shared.ts';
import { type Later, Waiters } from './waiters.ts';

/** A semaphore or a lock where it lives. A permit is held by a process, so that it comes back when that dies. */
export class SemaphoreCore implements Owner {
  readonly #waiters = new Waiters<null>();
  /** Those who were waiting when a holder died. */
  readonly #warned = new WeakSet<object>();
  /** How many permits each process holds. */
  readonly #holders = new Map<Address, number>();
  #free: number;
  /** A holder died, and nobody was waiting to learn of it. */
  #abandoned = false;

  constructor(permits: number) {
    this.#free = permits;
  }

  handle(op: Operation, caller: Address, _handles: readonly Descriptor[]): Parcel | Later {
    switch (op.op) {
      case 'acquire':
        return this.#acquire(caller, op.wait);
      case 'release':
        if (!this.#holders.has(caller)) throw new MisuseError('it is not held by this process');
        this.#count(caller, -1);
        this.#pass();
        return plain(null);
      default:
        throw new TypeError(`a lock knows no ${op.op}`);
    }
  }

  leave(gone: (address: Address) => boolean): void {
    this.#waiters.leave(gone);
    const dead = [...this.#holders].filter(([holder]) => gone(holder));
    if (dead.length === 0) return;
    for (const waiter of this.#waiters.all()) this.#warned.add(waiter);
    this.#abandoned = this.#waiters.size === 0;
    for (const [holder, permits] of dead) this.#count(holder, -permits);
    this.#pass();
  }

  #acquire(caller: Address, wait: number | null): Parcel | Later {
    if (this.#free === 0) {
      return this.#waiters.join(caller, null, wait, () => new WaitTimeout(`not to be had within ${wait} ms`));
    }
    this.#count(caller, 1);
    const abandoned = this.#abandoned;
    this.#abandoned = false;
    return plain(abandoned);
  }

  #count(holder: Address, change: number): void {
    const held = (this.#holders.get(holder) ?? 0) + change;
    if (held > 0) this.#holders.set(holder, held);
    else this.#holders.delete(holder);
    this.#free -= change;
  }

  /** To the next in line. The answer says whether a holder died while it waited. */
  #pass(): void {
    for (let next = this.#waiters.first(); next !== undefined && this.#free > 0; next = this.#waiters.first()) {
      this.#count(next.caller, 1);
      next.resolve(plain(this.#warned.has(next)));
    }
  }
}

/** An event where it lives. */
export class EventCore implements Owner {
  readonly #waiters = new Waiters<null>();
  #isSet = false;

  handle(op: Operation, caller: Address, _handles: readonly Descriptor[]): Parcel | Later {
    switch (op.op) {
      case 'eventSet':
        this.#isSet = true;
        for (const waiter of this.#waiters.all()) waiter.resolve(plain(null));
        return plain(null);
      case 'eventClear':
        this.#isSet = false;
        return plain(null);
      case 'eventIsSet':
        return plain(this.#isSet);
      case 'eventWait':
        if (this.#isSet) return plain(null);
        return this.#waiters.join(caller, null, op.wait, () => new WaitTimeout(`not set within ${op.wait} ms`));
      default:
        throw new TypeError(`an event knows no ${op.op}`);
    }
  }

  leave(gone: (address: Address) => boolean): void {
    this.#waiters.leave(gone);
  }
}

makeWith('semaphore', (_id, permits) => new SemaphoreCore(permits));
makeWith('lock', () => new SemaphoreCore(1));
makeWith('event', () => new EventCore());
