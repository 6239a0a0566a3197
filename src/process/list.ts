import { reviveWith } from './handles.ts';
import { Existing, Shared } from './shared.ts';

/**
 * A list that lives in a Manager and that any process may read and write. Each call is one step that no other process
 * can come between. Values are copies: changing one that you got changes nothing in the list.
 */
export class List<T> extends Shared {
  /** @internal */
  constructor(known: Existing) {
    super(known);
  }

  /** Adds at the end; the new length. Rejects with NotCloneable for a value that cannot cross processes. */
  async push(value: T): Promise<number> {
    return (await this.request({ op: 'listPush', value })) as number;
  }

  /** Takes the last one away; undefined when empty. */
  async pop(): Promise<T | undefined> {
    return (await this.request({ op: 'listPop' })) as T | undefined;
  }

  /** Takes the first one away; undefined when empty. */
  async shift(): Promise<T | undefined> {
    return (await this.request({ op: 'listShift' })) as T | undefined;
  }

  /** The value at a place, from the end for a negative one; undefined outside. */
  async at(index: number): Promise<T | undefined> {
    return (await this.request({ op: 'listAt', index })) as T | undefined;
  }

  /** Replaces the value at a place, from the end for a negative one. Rejects with RangeError outside. */
  async set(index: number, value: T): Promise<void> {
    await this.request({ op: 'listSet', index, value });
  }

  async length(): Promise<number> {
    return (await this.request({ op: 'listLength' })) as number;
  }

  /** A copy of a part, as `Array.prototype.slice` takes it; of all by default. */
  async slice(start = 0, end?: number): Promise<T[]> {
    return (await this.request({ op: 'listSlice', start, end: end ?? null })) as T[];
  }

  async clear(): Promise<void> {
    await this.request({ op: 'listClear' });
  }
}

reviveWith('list', (descriptor) => new List(new Existing(descriptor)));
