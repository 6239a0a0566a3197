import { BufferTooShort, ConnectionClosed, MisuseError, QueueClosed, QueueEmpty, QueueFull } from './errors.ts';
import { Fifo } from './fifo.ts';
import { dropAll, plain } from './handles.ts';
import { Promises } from './queue-promises.ts';
import { type Home, router } from './router.ts';
import { type Answer, Waiters } from './waiters.ts';
import type { Address, Descriptor, Operation, Parcel } from './wire.ts';

/** Room in a queue without a capacity, for all promises together: more than anybody will put, and still exact when added up. */
const UNLIMITED = 2 ** 40;

/** An item that waits to be let in. */
interface Offer {
  item: Parcel;
  /** Does not wait for room, only for promised room to come back. */
  now: boolean;
}

/**
 * A queue in its home process.
 *
 * A producer elsewhere sends each item at once, with a `put` that is answered when the item is in; so a full queue makes
 * it wait. The answer promises room for a few more items (credit), which then need no answer: a producer pays a round
 * trip once for many items, and the sum of items and promises never passes the capacity.
 */
export class QueueCore implements Home {
  readonly #id: string;
  readonly #capacity: number;
  readonly #items = new Fifo<Parcel>();
  readonly #putters = new Waiters<Offer>();
  /** With the number of bytes they have room for, or null for any item. */
  readonly #getters = new Waiters<number | null>();
  readonly #pollers = new Waiters<null>();
  readonly #promises = new Promises();
  #closed = false;
  #abandoned = false;

  constructor(id: string, capacity: number) {
    this.#id = id;
    this.#capacity = capacity;
  }

  handle(op: Operation, caller: Address, handles: readonly Descriptor[]): Parcel | Answer {
    switch (op.op) {
      case 'put':
        return this.#put({ item: { value: op.item, handles }, now: op.wait === 0 }, caller, op.wait);
      case 'get':
        return this.#get(caller, op.wait, op.bytes);
      case 'poll':
        return this.#poll(caller, op.wait);
      case 'size':
        return plain(this.#items.length);
      case 'return':
        this.#promises.spend(caller, op.credit);
        this.#settle();
        return plain(null);
      case 'close':
        this.close();
        return plain(null);
      default:
        throw new TypeError(`a queue knows no ${op.op}`);
    }
  }

  /** An item for which the caller had credit. */
  accept(value: unknown, caller: Address, handles: readonly Descriptor[]): void {
    this.#promises.spend(caller, 1);
    if (this.#abandoned) dropAll(handles, router.address);
    else this.admit({ value, handles });
    if (this.#closed) this.#settle();
  }

  leave(gone: (address: Address) => boolean): void {
    this.#putters.leave(gone);
    this.#getters.leave(gone);
    this.#pollers.leave(gone);
    this.#promises.leave(gone);
    this.#settle();
  }

  /** Nothing more comes in but what was promised room. */
  close(): void {
    this.#closed = true;
    this.#recall();
    this.#settle();
  }

  /** Nobody will get anything any more: throws away what is in it and turns down who waits to put. */
  abandon(): void {
    this.#closed = true;
    this.#abandoned = true;
    for (const putter of this.#putters.all()) putter.reject(new ConnectionClosed('nobody is left to receive'));
    for (const item of this.#items.drain()) dropAll(item.handles, router.address);
    this.close();
  }

  /** An item comes in: to the first who waits for one and has room, else into the line. */
  protected admit(item: Parcel): void {
    for (let getter = this.#getters.first(); getter !== undefined; getter = this.#getters.first()) {
      const objection = unfit(item, getter.with);
      if (objection === null) {
        getter.resolve(item);
        return;
      }
      getter.reject(objection);
    }
    this.#items.push(item);
    for (const poller of this.#pollers.all()) poller.resolve(plain(true));
  }

  #put(offer: Offer, caller: Address, wait: number | null): Parcel | Answer {
    if (this.#closed) throw new QueueClosed('the queue is closed');
    if (this.#putters.size === 0 && this.#room() > 0) {
      this.admit(offer.item);
      return plain(this.#grant(caller));
    }
    if (offer.now && this.#isFull()) throw new QueueFull('the queue is full');
    this.#recall();
    // Who does not wait for room is answered as soon as those who hold promised room have given it back.
    return this.#putters.join(caller, offer, offer.now ? null : wait, () => new QueueFull(`no room within ${wait} ms`));
  }

  #get(caller: Address, wait: number | null, bytes: number | null): Parcel | Answer {
    const item = this.#items.peek();
    if (item !== undefined) {
      const objection = unfit(item, bytes);
      if (objection !== null) throw objection;
      this.#items.shift();
      this.#settle();
      return item;
    }
    if (this.#hasEnded()) throw new QueueClosed('the queue is closed and empty');
    if (wait === 0) throw new QueueEmpty('the queue is empty');
    return this.#getters.join(caller, bytes, wait, () => new QueueEmpty(`no item within ${wait} ms`));
  }

  #poll(caller: Address, wait: number | null): Parcel | Answer {
    if (this.#items.length > 0 || this.#hasEnded()) return plain(true);
    if (wait === 0) return plain(false);
    return this.#pollers.join(caller, null, wait, () => new QueueEmpty(`no item within ${wait} ms`));
  }

  /** After room came free or promises came back: lets in who waits, and tells the getters when nothing more will come. */
  #settle(): void {
    for (let putter = this.#putters.first(); putter !== undefined && this.#room() > 0; putter = this.#putters.first()) {
      const last = this.#putters.size === 1;
      this.admit(putter.with.item);
      putter.resolve(plain(last ? this.#grant(putter.caller) : 0));
    }
    if (this.#putters.size > 0 && this.#isFull()) {
      for (const putter of this.#putters.all()) if (putter.with.now) putter.reject(new QueueFull('the queue is full'));
    }
    if (!this.#hasEnded()) return;
    for (const getter of this.#getters.all()) getter.reject(new QueueClosed('the queue is closed and empty'));
    for (const poller of this.#pollers.all()) poller.resolve(plain(true));
    this.retire();
  }

  /** Closed and empty: nothing is left to keep it for. */
  protected retire(): void {
    router.unhost(this.#id);
  }

  #hasEnded(): boolean {
    return this.#closed && this.#items.length === 0 && this.#putters.size === 0 && this.#promises.sum === 0;
  }

  #isFull(): boolean {
    return this.#items.length >= this.#capacity;
  }

  #room(): number {
    if (this.#capacity === Number.POSITIVE_INFINITY) return UNLIMITED;
    return this.#capacity - this.#items.length - this.#promises.sum;
  }

  #grant(caller: Address): number {
    if (caller === router.address || this.#closed) return 0;
    return this.#promises.grant(caller, Math.min(this.#capacity, UNLIMITED), this.#room());
  }

  /** Asks for all promised room back. What was sent before the answer still comes in. */
  #recall(): void {
    for (const producer of this.#promises.recall()) router.notify(producer, this.#id, { type: 'recall' });
  }
}

/** Why a getter with room for so many bytes cannot have this item, or null. The item then stays where it is. */
function unfit(item: Parcel, bytes: number | null): Error | null {
  if (bytes === null) return null;
  if (!(item.value instanceof Uint8Array)) return new MisuseError('the next message is not bytes: use recv');
  const { byteLength } = item.value;
  return byteLength <= bytes ? null : new BufferTooShort(`the next message has ${byteLength} bytes, the room ${bytes}`);
}
