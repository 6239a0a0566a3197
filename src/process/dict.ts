import { shown } from './arguments.ts';
import { reviveWith } from './handles.ts';
import type { Key } from './protocol.ts';
import { Existing, Shared } from './shared.ts';

/**
 * A Map that lives in a Manager and that any process may read and write. Each call is one step that no other process
 * can come between; what takes two, such as `set(key, (await get(key)) + 1)`, needs a Lock. Values are copies:
 * changing one that you got changes nothing in the dict.
 */
export class Dict<K extends Key, V> extends Shared {
  /** @internal */
  constructor(known: Existing) {
    super(known);
  }

  async get(key: K): Promise<V | undefined> {
    checkKey(key);
    return (await this.request({ op: 'dictGet', key })) as V | undefined;
  }

  /** Rejects with NotCloneable for a value that cannot cross processes. */
  async set(key: K, value: V): Promise<void> {
    checkKey(key);
    await this.request({ op: 'dictSet', key, value });
  }

  /** Whether there was something to delete. */
  async delete(key: K): Promise<boolean> {
    checkKey(key);
    return (await this.request({ op: 'dictDelete', key })) as boolean;
  }

  async has(key: K): Promise<boolean> {
    checkKey(key);
    return (await this.request({ op: 'dictHas', key })) as boolean;
  }

  async size(): Promise<number> {
    return (await this.request({ op: 'dictSize' })) as number;
  }

  /** Everything in it at one moment, in the order the keys were first set. */
  async entries(): Promise<[K, V][]> {
    return (await this.request({ op: 'dictEntries' })) as [K, V][];
  }

  async keys(): Promise<K[]> {
    return (await this.entries()).map(([key]) => key);
  }

  async values(): Promise<V[]> {
    return (await this.entries()).map(([, value]) => value);
  }

  async clear(): Promise<void> {
    await this.request({ op: 'dictClear' });
  }
}

/** Throws TypeError for what is not compared by value: a copy of it would be another key. */
export function checkKey(key: unknown): asserts key is Key {
  if (['string', 'number', 'boolean', 'bigint'].includes(typeof key)) return;
  throw new TypeError(`a key must be a string, a number, a boolean or a bigint, not ${shown(key)}`);
}

reviveWith('dict', (descriptor) => new Dict(new Existing(descriptor)));
