import { QueueClosed, QueueEmpty, QueueFull } from './errors.ts';
import { Fifo } from './fifo.ts';
import { plain } from './handles.ts';
import { type Home, router } from './router.ts';
import { Waiters } from './waiters.ts';
import type { Address, Descriptor, Operation, Parcel } from './wire.ts';

/** Room in a queue without a capacity: more than anybody will put, and still exact when added up. */
const UNLIMITED = 2 ** 40;

interface Offer extends Parcel {
  /** Does not wait for room, only for promised room to come back. */
  now: boolean;
}

/**
 * A queue in its home process.
 *
 * A producer elsewhere sends each item at once, with a `put` that is answered when the item is in; so a full queue makes it wait. The
 * answer promises room for a few more items (credit), which then need no answer: a producer pays a round trip
 * once for many items, and the sum of items and promises never passes the capacity.
 */
export class QueueCore implements Home {
  readonly #id: string;
  readonly #capacity: number;
  readonly #items = new Fifo<Parcel>();
  readonly #putters = new Waiters<Offer>();
  readonly #getters = new Waiters<null>();
  /** Room promised to producers in other processes, and not yet used. */
  readonly #credit = new Map<Address, number>();
  /** Producers that were asked to give it back. */
  readonly #recalled = new Set<Address>();
  #closed = false;

  constructor(id: string, capacity: number) {
    this.#id = id;
    this.#capacity = capacity;
  }

  handle(op: Operation, caller: Address, handles: readonly Descriptor[]): Parcel | Promise<Parcel> {
    switch (op.op) {
      case 'put':
        return this.#put({ value: op.item, handles, now: op.wait === 0 }, caller, op.wait);
      case 'get':
        return this.#get(caller, op.wait);
      case 'size':
        return plain(this.#items.length);
      case 'return':
        this.#setCredit(caller, (this.#credit.get(caller) ?? 0) - op.credit);
        this.#settle();
        return plain(null);
      case 'close':
        this.#closed = true;
        this.#recall();
        this.#settle();
        return plain(null);
      default:
        op satisfies never;
        throw new TypeError('a queue cannot do that');
    }
  }

  accept(item: unknown, caller: Address, handles: readonly Descriptor[]): void {
    this.#setCredit(caller, (this.#credit.get(caller) ?? 0) - 1);
    this.admit({ value: item, handles });
    if (this.#closed) this.#settle();
  }

  leave(gone: (address: Address) => boolean): void {
    this.#putters.leave(gone);
    this.#getters.leave(gone);
    for (const address of [...this.#credit.keys()]) if (gone(address)) this.#credit.delete(address);
    for (const address of [...this.#recalled]) if (gone(address)) this.#recalled.delete(address);
    this.#settle();
  }

  /** An item comes in: to who waits for one, else into the line. */
  protected admit(item: Parcel): void {
    const getter = this.#getters.first();
    if (getter === undefined) this.#items.push(item);
    else getter.resolve(item);
  }

  #put(offer: Offer, caller: Address, wait: number | null): Parcel | Promise<Parcel> {
    if (this.#closed) throw new QueueClosed('put into a closed queue');
    if (this.#putters.size === 0 && this.#room() > 0) {
      this.admit({ value: offer.value, handles: offer.handles });
      return plain(this.#grant(caller));
    }
    if (offer.now && this.#isFull()) throw new QueueFull('the queue is full');
    this.#recall();
    // Without waiting for room: answered as soon as those who hold promised room have given it back.
    return this.#putters.join(caller, offer, offer.now ? null : wait, () => new QueueFull(`no room within ${wait} ms`));
  }

  #get(caller: Address, wait: number | null): Parcel | Promise<Parcel> {
    const item = this.#items.shift();
    if (item !== undefined) {
      this.#settle();
      return item;
    }
    if (this.#hasEnded()) throw new QueueClosed('the queue is closed and empty');
    if (wait === 0) throw new QueueEmpty('the queue is empty');
    return this.#getters.join(caller, null, wait, () => new QueueEmpty(`no item within ${wait} ms`));
  }

  /** After room came free or promises came back: lets in who waits, and tells the getters when nothing more will come. */
  #settle(): void {
    for (let putter = this.#putters.first(); putter !== undefined && this.#room() > 0; putter = this.#putters.first()) {
      this.admit({ value: putter.with.value, handles: putter.with.handles });
      const last = this.#putters.size === 1;
      putter.resolve(plain(last ? this.#grant(putter.caller) : 0));
    }
    if (this.#putters.size > 0 && this.#isFull()) {
      for (const putter of this.#putters.all()) if (putter.with.now) putter.reject(new QueueFull('the queue is full'));
    }
    if (!this.#hasEnded()) return;
    for (const getter of this.#getters.all()) getter.reject(new QueueClosed('the queue is closed and empty'));
    router.unhost(this.#id);
  }

  #hasEnded(): boolean {
    return this.#closed && this.#items.length === 0 && this.#putters.size === 0 && this.#promised() === 0;
  }

  #isFull(): boolean {
    return this.#items.length >= this.#capacity;
  }

  #promised(): number {
    let sum = 0;
    for (const credit of this.#credit.values()) sum += credit;
    return sum;
  }

  #room(): number {
    if (this.#capacity === Number.POSITIVE_INFINITY) return UNLIMITED;
    return this.#capacity - this.#items.length - this.#promised();
  }

  #setCredit(caller: Address, credit: number): void {
    this.#credit.set(caller, Math.max(0, credit));
  }

  /** Promises a producer its share: half of the capacity divided by the producers, so that others find room without a recall. */
  #grant(caller: Address): number {
    if (caller === router.address || this.#closed) return 0;
    const held = this.#credit.get(caller) ?? 0;
    // Counted among the producers, with or without credit.
    this.#credit.set(caller, held);
    const share = Math.floor(this.#capacity / (2 * this.#credit.size));
    const credit = Math.max(0, Math.min(share - held, this.#room()));
    this.#credit.set(caller, held + credit);
    if (credit > 0) this.#recalled.delete(caller);
    return credit;
  }

  /** Asks for all promised room back. What was sent before the answer still comes in. */
  #recall(): void {
    for (const [address, credit] of this.#credit) {
      if (credit === 0 || this.#recalled.has(address)) continue;
      this.#recalled.add(address);
      router.notify(address, this.#id, { type: 'recall' });
    }
  }
}
