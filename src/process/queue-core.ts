import { CreditLedger } from './credit-ledger.ts';
import { ConnectionClosed, QueueClosed, QueueEmpty, QueueFull } from './errors.ts';
import { Fifo } from './fifo.ts';
import { dropAll, plain } from './handles.ts';
import type { About, Address, Descriptor, Operation, PackedParcel, Parcel } from './protocol.ts';
import { Deliveries, MOST_STREAMED } from './queue-deliveries.ts';
import { unfit } from './queue-peer.ts';
import { type Owner, router } from './router.ts';
import { makeWith } from './shared.ts';
import { type Later, Waiters } from './waiters.ts';

/** Room in a queue without a capacity, for all credit together: more than anybody will put, and still exact when added up. */
const UNLIMITED = 2 ** 32;

/** Answers a `get` for which items are on their way already. */
const NO_ITEMS: Parcel = { ...plain(null), items: [] };

/** An item that waits to be let in. */
interface Offer {
  item: PackedParcel;
  /** Does not wait for room, only for credit to be returned. */
  now: boolean;
}

/** What a consumer asks for. */
interface Wish {
  /** Only bytes, that many at most; null for any item. */
  bytes: number | null;
  /** Items beyond the first, for a consumer elsewhere. */
  ahead: number;
  /** Does not wait for items, only for those sent ahead to be returned. */
  now: boolean;
}

/**
 * A queue in the process that owns it.
 *
 * A producer elsewhere sends each item at once, with a `put` that is answered when the item is in; so a full queue makes
 * it wait. The answer gives credit for a few more items, which then need no answer: a producer pays a round trip once for many
 * items. A consumer elsewhere is sent items ahead, see Deliveries. Items here and there and credit never pass the capacity.
 */
export class QueueCore implements Owner {
  readonly #id: string;
  readonly #capacity: number;
  readonly #items = new Fifo<PackedParcel>();
  readonly #putters = new Waiters<Offer>();
  readonly #getters = new Waiters<Wish>();
  readonly #pollers = new Waiters<null>();
  readonly #credit = new CreditLedger();
  readonly #deliveries = new Deliveries();
  /** Elsewhere, and nobody else may get anything. */
  #soleReader: Address | null = null;
  #closed = false;
  #abandoned = false;

  constructor(id: string, capacity: number) {
    this.#id = id;
    this.#capacity = capacity;
  }

  handle(op: Operation, caller: Address, handles: readonly Descriptor[]): Parcel | Later {
    switch (op.op) {
      case 'put': {
        const item = { value: op.item, packed: true as const, handles };
        return this.#put({ item, now: op.wait === 0 }, caller, op.wait);
      }
      case 'get':
        this.#startStream(caller);
        // It asked before it heard of the items on their way to it: they are what it waits for. One more would arrive where
        // nobody waits for it, and nobody else could have it.
        if (this.#answered(caller, op.waiting)) return NO_ITEMS;
        return this.#get({ bytes: op.bytes, ahead: op.ahead, now: op.wait === 0 }, caller, op.wait);
      case 'poll':
        return this.#poll(caller, op.wait);
      case 'size':
        return plain(this.#size);
      case 'close':
        this.close();
        return plain(null);
      default:
        throw new TypeError(`a queue knows no ${op.op}`);
    }
  }

  noticed(what: About, count: number, caller: Address): void {
    switch (what) {
      case 'taken':
        for (let taken = 0; taken < count; taken++) this.#taken(caller);
        break;
      case 'more':
        if (this.#getters.size === 0) this.#refill(caller, count);
        break;
      case 'credit':
        this.#credit.spend(caller, count);
        this.#update();
        break;
      case 'returned':
        this.#putBack(this.#deliveries.returned(caller, count), caller);
        this.#update();
        break;
    }
  }

  arrive(items: readonly PackedParcel[], caller: Address): void {
    for (const item of items) {
      this.#credit.spend(caller, 1);
      if (this.#abandoned) dropAll(item.handles, router.address);
      else this.admit(item);
    }
    if (this.#closed) this.#update();
  }

  leave(gone: (address: Address) => boolean): void {
    this.#putters.leave(gone);
    this.#getters.leave(gone);
    this.#pollers.leave(gone);
    this.#credit.leave(gone);
    this.#putBack(this.#deliveries.leave(gone), null);
    this.#update();
  }

  /** Nothing more comes in but what has credit. */
  close(): void {
    this.#closed = true;
    this.#recallCredit();
    if (this.#deliveries.streaming) this.#recallItems();
    this.#update();
  }

  /** The only process that may get anything, if there is just one and it is not this one. When it dies, what it was sent goes with it. */
  setSoleReader(reader: Address | null): void {
    this.#soleReader = reader === router.address ? null : reader;
    if (this.#soleReader === null && this.#deliveries.streaming) this.#recallItems();
  }

  /** Nobody will get anything any more: throws away what is in it and turns down who waits to put. */
  abandon(): void {
    this.#closed = true;
    this.#abandoned = true;
    for (const putter of this.#putters.all()) putter.reject(new ConnectionClosed('nobody is left to receive'));
    for (const item of this.#items.drain()) dropAll(item.handles, router.address);
    this.#recallItems();
    this.close();
  }

  /** An item comes in: last in the line, or to the first who waits for one. */
  protected admit(item: PackedParcel): void {
    this.#items.push(item);
    if (this.#getters.size > 0) this.#serve();
    const sent = this.#sendOn();
    if (sent || this.#items.length > 0) for (const poller of this.#pollers.all()) poller.resolve(plain(true));
  }

  #taken(caller: Address): void {
    const item = this.#deliveries.taken(caller);
    if (item !== undefined) dropAll(item.handles, router.address);
    if (this.#closed || this.#putters.size > 0 || this.#deliveries.streaming) this.#update();
  }

  #put(offer: Offer, caller: Address, wait: number | null): Parcel | Later {
    if (this.#closed) throw new QueueClosed('the queue is closed');
    if (this.#putters.size === 0 && this.#room > 0) {
      this.admit(offer.item);
      return plain(this.#grant(caller));
    }
    if (offer.now && this.#isFull) throw new QueueFull('the queue is full');
    this.#recallCredit();
    // putNowait is answered once outstanding credit is returned.
    return this.#putters.join(caller, offer, offer.now ? null : wait, () => new QueueFull(`no room within ${wait} ms`));
  }

  #get(wish: Wish, caller: Address, wait: number | null): Parcel | Later {
    this.#deliveries.called(caller);
    const blocked = this.#deliveries.blocks(caller);
    const item = this.#items.peek();
    if (item !== undefined && !blocked && this.#getters.size === 0) {
      const objection = unfit(item, wish.bytes);
      if (objection !== null) throw objection;
      const parcel = this.#take(caller, wish.ahead);
      this.#update();
      return parcel;
    }
    if (this.#hasEnded) throw new QueueClosed('the queue is closed and empty');
    if (blocked) this.#recallItems();
    else if (wish.now && item === undefined) throw new QueueEmpty('the queue is empty');
    return this.#getters.join(caller, wish, wish.now ? null : wait, () => new QueueEmpty(`no item within ${wait} ms`));
  }

  #answered(caller: Address, waiting: number): boolean {
    const sent = this.#deliveries.count(caller);
    return sent > 0 && sent + this.#getters.count(caller) >= waiting;
  }

  #poll(caller: Address, wait: number | null): Parcel | Later {
    if (this.#deliveries.blocks(caller)) this.#recallItems();
    if (this.#items.length > 0 || this.#hasEnded) return plain(true);
    if (wait === 0) return plain(false);
    return this.#pollers.join(caller, null, wait, () => new QueueEmpty(`no item within ${wait} ms`));
  }

  /** The first item, for a caller in this process; for another the message that takes it there, with some ahead. */
  #take(caller: Address, ahead: number): Parcel {
    if (caller === router.address) return this.#items.shift() ?? plain(null);
    const items = this.#deliveries.take(caller, this.#items, this.#getters.size > 1 ? 0 : ahead);
    return { value: null, handles: [], items };
  }

  #startStream(caller: Address): void {
    if (caller !== this.#soleReader || this.#closed || !this.#deliveries.stream(caller)) return;
    router.notify(caller, this.#id, 'stream');
    this.#sendOn();
  }

  /** Sends items to whom they go unasked; whether there were any. */
  #sendOn(): boolean {
    const reader = this.#deliveries.streaming ? this.#soleReader : null;
    return reader !== null && this.#items.length > 0 && this.#refill(reader, MOST_STREAMED);
  }

  #refill(caller: Address, ahead: number): boolean {
    const items = this.#deliveries.refill(caller, this.#items, ahead);
    if (items.length > 0) router.deliver(caller, this.#id, items);
    return items.length > 0;
  }

  /** After an item came, or items came back: gives them to those who wait, in order. */
  #serve(): void {
    for (let getter = this.#getters.first(); getter !== undefined; getter = this.#getters.first()) {
      const item = this.#items.peek();
      if (item === undefined || this.#deliveries.blocks(getter.caller)) break;
      const objection = unfit(item, getter.with.bytes);
      if (objection === null) getter.resolve(this.#take(getter.caller, getter.with.ahead));
      else getter.reject(objection);
    }
    this.#answerNow();
  }

  /** Those who do not wait, and those who wait for what is ahead at somebody else. */
  #answerNow(): void {
    for (const getter of this.#getters.all()) {
      if (this.#deliveries.blocks(getter.caller)) this.#recallItems();
      else if (getter.with.now && this.#items.length === 0) getter.reject(new QueueEmpty('the queue is empty'));
    }
  }

  /** After room came free or something was returned: lets in who waits, gives out, and tells all when nothing more will come. */
  #update(): void {
    if (this.#getters.size > 0) this.#serve();
    this.#sendOn();
    for (let putter = this.#putters.first(); putter !== undefined && this.#room > 0; putter = this.#putters.first()) {
      const last = this.#putters.size === 1;
      this.admit(putter.with.item);
      putter.resolve(plain(last ? this.#grant(putter.caller) : 0));
    }
    if (this.#putters.size > 0 && this.#isFull) {
      for (const putter of this.#putters.all()) if (putter.with.now) putter.reject(new QueueFull('the queue is full'));
    }
    if (!this.#hasEnded) return;
    for (const getter of this.#getters.all()) getter.reject(new QueueClosed('the queue is closed and empty'));
    for (const poller of this.#pollers.all()) poller.resolve(plain(true));
    this.retire();
  }

  /** Closed and empty: nothing is left to keep it for. */
  protected retire(): void {
    router.unhost(this.#id);
  }

  get #hasEnded(): boolean {
    return this.#closed && this.#size === 0 && this.#putters.size === 0 && this.#credit.sum === 0;
  }

  /** With what is ahead: that is in the queue until it is taken. */
  get #size(): number {
    return this.#items.length + this.#deliveries.sum;
  }

  get #isFull(): boolean {
    return this.#size >= this.#capacity;
  }

  get #room(): number {
    if (this.#capacity === Number.POSITIVE_INFINITY) return UNLIMITED;
    return this.#capacity - this.#size - this.#credit.sum;
  }

  #grant(caller: Address): number {
    if (caller === router.address || this.#closed) return 0;
    return this.#credit.grant(caller, Math.min(this.#capacity, UNLIMITED), this.#room);
  }

  /** Asks for all credit back. What was sent before the answer still comes in. */
  #recallCredit(): void {
    for (const producer of this.#credit.recall()) router.notify(producer, this.#id, 'recallCredit');
  }

  #recallItems(): void {
    const reader = this.#deliveries.recall();
    if (reader !== null) router.notify(reader, this.#id, 'recallItems');
  }

  /** Items that nobody has seen are the first again. @param consumer who had them; null when it is dead. */
  #putBack(items: PackedParcel[], consumer: Address | null): void {
    for (const item of items.reverse()) {
      if (consumer !== null) dropAll(item.handles, consumer);
      if (this.#abandoned) dropAll(item.handles, router.address);
      else this.#items.unshift(item);
    }
    if (this.#items.length > 0) for (const poller of this.#pollers.all()) poller.resolve(plain(true));
  }
}

makeWith('queue', (id, capacity) => new QueueCore(id, capacity));
