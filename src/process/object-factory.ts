import { makeCore } from './shared.ts';
import './container-cores.ts';
import { plain } from './handles.ts';
import './joinable-core.ts';
import type { Address, Operation, Parcel } from './protocol.ts';
import './queue-core.ts';
import { type Owner, router } from './router.ts';
import './sync-core.ts';

/** The id under which a manager's factory is reached. */
export function factoryId(manager: Address): string {
  return `${manager}:factory`;
}

/** For a manager's process, before the first message. */
export function hostFactory(manager: Address): void {
  router.host(factoryId(manager), new ObjectFactory());
}

/** Makes a manager's objects, in the manager. */
class ObjectFactory implements Owner {
  handle(op: Operation): Parcel {
    if (op.op !== 'make') throw new TypeError(`a manager knows no ${op.op}`);
    // The order of messages is causal: nobody can ask for the object before this has made it.
    router.host(op.id, makeCore(op));
    return plain(null);
  }
}
