import { Fifo } from './fifo.ts';
import { dropAll } from './handles.ts';
import type { Address, PackedParcel } from './protocol.ts';
import { router } from './router.ts';

/** Calls of `get` in a row by one process, and no other, before items are sent ahead to it. */
const SOLE_AFTER = 4;
/** Bytes of items sent ahead, so that a process that does not get to them holds little memory. */
const MOST_BYTES = 2 ** 18;
/** Items sent unasked and not reported as taken. */
export const MOST_STREAMED = 64;

/**
 * The items of a queue that were sent to consumers in other processes and that these have not taken yet. A consumer says that it
 * takes an item before `get` gives it out, so whatever is here when it dies was seen by nobody.
 *
 * Items are sent ahead to one process at a time, the reader, and only while no other one wants any: another one waits until the
 * reader has given back what it has not taken. So no consumer gets an item that comes before one that it already has.
 */
export class Deliveries {
  readonly #sent = new Map<Address, Fifo<PackedParcel>>();
  #sum = 0;
  #reader: Address | null = null;
  #recalled = false;
  #streaming = false;
  #bytes = 0;
  #lastCaller: Address | null = null;
  #inARow = 0;

  get sum(): number {
    return this.#sum;
  }

  /** Items sent to a consumer and not taken. */
  count(consumer: Address): number {
    return this.#sent.get(consumer)?.length ?? 0;
  }

  called(caller: Address): void {
    this.#inARow = caller === this.#lastCaller ? this.#inARow + 1 : 0;
    this.#lastCaller = caller;
  }

  /** Whether the process would overtake items that are ahead at the reader, or are on their way back from there. */
  blocks(caller: Address): boolean {
    return this.#reader !== null && (this.#recalled || caller !== this.#reader);
  }

  /** Who has to be asked to give items back; null when nobody has any or it was asked. */
  recall(): Address | null {
    if (this.#reader === null || this.#recalled) return null;
    this.#recalled = true;
    return this.#reader;
  }

  get streaming(): boolean {
    return this.#streaming;
  }

  /**
   * From now on they do, if no one is owed any: whether this is new. A reader that takes what is on its way may not listen any more when it
   * would hear of that.
   */
  stream(reader: Address): boolean {
    if (this.#streaming || this.#reader !== null || this.count(reader) > 0) return false;
    this.#reader = reader;
    this.#streaming = true;
    return true;
  }

  /** Takes an item from the queue for a process that asked for it, and up to `ahead` more. */
  take(caller: Address, items: Fifo<PackedParcel>, ahead: number): PackedParcel[] {
    const first = items.shift();
    if (first === undefined) return [];
    const more = this.#inARow < SOLE_AFTER ? [] : takeSome(items, ahead);
    if (more.length > 0) this.#reader = caller;
    const taken = [first, ...more];
    this.#record(caller, taken);
    return taken;
  }

  /** Takes as many items from the queue as the reader wants to have. */
  refill(caller: Address, items: Fifo<PackedParcel>, ahead: number): PackedParcel[] {
    if (caller !== this.#reader || this.#recalled || this.#bytes >= MOST_BYTES) return [];
    const taken = takeSome(items, ahead - this.count(caller));
    this.#record(caller, taken);
    return taken;
  }

  taken(caller: Address): PackedParcel | undefined {
    const sent = this.#sent.get(caller);
    const item = sent?.shift();
    if (item === undefined) return undefined;
    this.#sum--;
    this.#bytes -= item.value.length;
    if (sent?.length === 0) {
      this.#sent.delete(caller);
      // Its answer to a recall is still to come, and may say that it had nothing left.
      if (caller === this.#reader && !this.#recalled && !this.#streaming) this.#reader = null;
    }
    return item;
  }

  returned(caller: Address, count: number): PackedParcel[] {
    const items: PackedParcel[] = [];
    for (let item = count > 0 ? this.taken(caller) : undefined; item !== undefined; ) {
      items.push(item);
      item = items.length < count ? this.taken(caller) : undefined;
    }
    if (caller === this.#reader) this.#forgetReader();
    return items;
  }

  /** Those that the dead have not taken. */
  leave(gone: (address: Address) => boolean): PackedParcel[] {
    const items: PackedParcel[] = [];
    for (const [consumer, sent] of this.#sent) {
      if (!gone(consumer)) continue;
      this.#sent.delete(consumer);
      const left = sent.drain();
      this.#sum -= left.length;
      for (const { value } of left) this.#bytes -= value.length;
      // It may have seen some of them.
      if (this.#streaming && consumer === this.#reader) for (const item of left) dropAll(item.handles, router.address);
      else items.push(...left);
    }
    if (this.#reader !== null && gone(this.#reader)) this.#forgetReader();
    return items;
  }

  #forgetReader(): void {
    this.#reader = null;
    this.#recalled = false;
    this.#streaming = false;
  }

  #record(caller: Address, items: PackedParcel[]): void {
    const sent = this.#sent.get(caller) ?? new Fifo<PackedParcel>();
    for (const item of items) {
      sent.push(item);
      this.#bytes += item.value.length;
    }
    if (sent.length > 0) this.#sent.set(caller, sent);
    this.#sum += items.length;
  }
}

function takeSome(items: Fifo<PackedParcel>, count: number): PackedParcel[] {
  const taken: PackedParcel[] = [];
  let bytes = 0;
  while (taken.length < count && bytes < MOST_BYTES) {
    const item = items.shift();
    if (item === undefined) break;
    taken.push(item);
    bytes += item.value.length;
  }
  return taken;
}
