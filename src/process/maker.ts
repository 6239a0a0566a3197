import { makeCore } from './cores.ts';
import './dict-core.ts';
import './event-core.ts';
import { plain } from './handles.ts';
import './joinable-core.ts';
import './list-core.ts';
import type { Address, Operation, Parcel } from './protocol.ts';
import './queue-core.ts';
import { type Owner, router } from './router.ts';
import './semaphore-core.ts';

/** The id under which a manager's maker is reached. */
export function makerId(manager: Address): string {
  return `${manager}:maker`;
}

/** For a manager's process, before the first message. */
export function hostMaker(manager: Address): void {
  router.host(makerId(manager), new Maker());
}

/** What makes a manager's objects, in the manager. */
class Maker implements Owner {
  handle(op: Operation): Parcel {
    if (op.op !== 'make') throw new TypeError(`a manager knows no ${op.op}`);
    // The order of messages is causal: nobody can ask for the object before this has made it.
    router.host(op.id, makeCore(op));
    return plain(null);
  }

  leave(): void {}
}
