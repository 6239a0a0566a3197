import { makeWith } from './cores.ts';
import { WaitTimeout } from './errors.ts';
import { plain } from './handles.ts';
import type { Address, Descriptor, Operation, Parcel } from './protocol.ts';
import type { Owner } from './router.ts';
import { type Answer, Waiters } from './waiters.ts';

/** An event where it lives. */
export class EventCore implements Owner {
  readonly #waiters = new Waiters<null>();
  #isSet = false;

  handle(op: Operation, caller: Address, _handles: readonly Descriptor[]): Parcel | Answer {
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

makeWith('event', () => new EventCore());
