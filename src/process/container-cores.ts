import { dropAll, plain } from './handles.ts';
import type { Address, Descriptor, Key, Operation, Parcel } from './protocol.ts';
import { type Owner, router } from './router.ts';
import { makeWith } from './shared.ts';

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

  #remove(key: Key): boolean {
    const parcel = this.#values.get(key);
    if (parcel === undefined) return false;
    dropAll(parcel.handles, router.address);
    return this.#values.delete(key);
  }
}

/** A shared list where it lives, in a manager. Values stay closed: the manager has no use for them. */
export class ListCore implements Owner {
  readonly #values: Parcel[] = [];

  handle(op: Operation, _caller: Address, handles: readonly Descriptor[]): Parcel {
    switch (op.op) {
      case 'listAt':
        return this.#values.at(op.index) ?? plain(undefined);
      case 'listSet':
        return this.#set(op.index, { value: op.value, handles, kept: true });
      case 'listPush':
        return plain(this.#values.push({ value: op.value, handles, kept: true }));
      case 'listPop':
        return taken(this.#values.pop());
      case 'listShift':
        return taken(this.#values.shift());
      case 'listLength':
        return plain(this.#values.length);
      case 'listSlice': {
        const parcels = this.#values.slice(op.start, op.end ?? undefined);
        const value = parcels.map((parcel) => parcel.value);
        return { value, handles: parcels.flatMap((parcel) => parcel.handles), kept: true };
      }
      case 'listClear':
        for (const parcel of this.#values.splice(0)) dropAll(parcel.handles, router.address);
        return plain(null);
      default:
        throw new TypeError(`a list knows no ${op.op}`);
    }
  }

  #set(index: number, parcel: Parcel): Parcel {
    const place = index < 0 ? index + this.#values.length : index;
    const old = this.#values[place];
    if (old === undefined) throw new RangeError(`the list has no place ${index}`);
    dropAll(old.handles, router.address);
    this.#values[place] = parcel;
    return plain(null);
  }
}

function taken(parcel: Parcel | undefined): Parcel {
  return parcel === undefined ? plain(undefined) : { value: parcel.value, handles: parcel.handles };
}

makeWith('list', () => new ListCore());
makeWith('dict', () => new DictCore());
