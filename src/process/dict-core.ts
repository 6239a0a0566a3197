import { makeWith } from './cores.ts';
import { dropAll, plain } from './handles.ts';
import type { Address, Descriptor, Key, Operation, Parcel } from './protocol.ts';
import { type Owner, router } from './router.ts';

/** A shared dict where it lives, in a manager. Values stay closed: the manager has no use for them. */
export class DictCore implements Owner {
  readonly #values = new Map<Key, Parcel>();

  handle(op: Operation, _caller: Address, handles: readonly Descriptor[]): Parcel {
    switch (op.op) {
      case 'dictGet':
        return this.#values.get(op.key) ?? plain(undefined);
      case 'dictSet':
        // Not taken out first: the key keeps its place.
        dropAll(this.#values.get(op.key)?.handles ?? [], router.address);
        this.#values.set(op.key, { value: op.value, handles, kept: true });
        return plain(null);
      case 'dictDelete':
        return plain(this.#remove(op.key));
      case 'dictHas':
        return plain(this.#values.has(op.key));
      case 'dictSize':
        return plain(this.#values.size);
      case 'dictEntries': {
        const entries = [...this.#values];
        const value = entries.map(([key, parcel]) => [key, parcel.value]);
        return { value, handles: entries.flatMap(([, parcel]) => parcel.handles), kept: true };
      }
      case 'dictClear':
        for (const key of [...this.#values.keys()]) this.#remove(key);
        return plain(null);
      default:
        throw new TypeError(`a dict knows no ${op.op}`);
    }
  }

  /** A dead process leaves nothing behind here but what it set. */
  leave(): void {}

  #remove(key: Key): boolean {
    const parcel = this.#values.get(key);
    if (parcel === undefined) return false;
    dropAll(parcel.handles, router.address);
    return this.#values.delete(key);
  }
}

makeWith('dict', () => new DictCore());
