import { DictCore } from './dict-core.ts';
import { EventCore } from './event-core.ts';
import { plain } from './handles.ts';
import { JoinableCore } from './joinable-core.ts';
import { ListCore } from './list-core.ts';
import type { Address, MakeOperation, Operation, Parcel } from './protocol.ts';
import { QueueCore } from './queue-core.ts';
import { type Owner, router } from './router.ts';
import { SemaphoreCore } from './semaphore-core.ts';

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
    router.host(op.id, make(op));
    return plain(null);
  }

  leave(): void {}
}

function make(op: MakeOperation): Owner {
  switch (op.kind) {
    case 'queue':
      return new QueueCore(op.id, op.detail);
    case 'joinable-queue':
      return new JoinableCore(op.id, op.detail);
    case 'dict':
      return new DictCore();
    case 'list':
      return new ListCore();
    case 'lock':
    case 'semaphore':
      return new SemaphoreCore(op.detail);
    case 'event':
      return new EventCore();
    default:
      op.kind satisfies never;
      throw new TypeError(`a manager cannot make a ${op.kind}`);
  }
}
