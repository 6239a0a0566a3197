// Where messages between processes find their way. The processes form a tree, linked by the channels that fork makes;
// a message goes up and down that tree along the only path. Each link keeps the order and each process hands on in the order of
// arrival, so delivery is causal: what A sent to C before it told B arrives at C before anything B then sends to C.
import { isWithin } from './address.ts';
import { Calls } from './calls.ts';
import { encodeError } from './error-codec.ts';
import { ConnectionClosed, ObjectGone } from './errors.ts';
import { dropAll, handleTable, holdAll, passOn, plain } from './handles.ts';
import { Neighbours } from './neighbours.ts';
import type { About, Address, Death, Descriptor, Operation, PackedParcel, Parcel, Routed } from './protocol.ts';
import type { Later } from './waiters.ts';

const NOTHING = plain(null);

/** A process's view of an object that lives elsewhere, where it wants to hear from there; or the object itself. */
export interface Listener {
  /** Items that the object sends, or that it is sent on credit. */
  arrive?(items: readonly PackedParcel[], from: Address): void;
  noticed?(what: About, count: number, from: Address): void;
  /** These processes are dead: nothing is owed to them, and what they held is free. */
  leave?(gone: (address: Address) => boolean): void;
}

/** A shared object where it lives. */
export interface Owner extends Listener {
  /** Does what is asked; a parcel at once where it can. Throws or refuses with what the caller shall see. */
  handle(op: Operation, caller: Address, handles: readonly Descriptor[]): Parcel | Later;
}

/** How an object in another process is asked. */
export interface RequestOptions {
  /** See `Calls.ask`. */
  arrived?: ((answer: unknown) => void) | undefined;
  /** Of a value in the operation that is packed already. */
  handles?: readonly Descriptor[] | undefined;
}

class Router extends Neighbours {
  readonly #owners = new Map<string, Owner>();
  readonly #proxies = new Map<string, Listener>();
  readonly #calls = new Calls();
  #lastName = 0;

  /** A number that no other object or child of this process has. */
  newName(): number {
    return ++this.#lastName;
  }

  /** The child is dead and its channel read to the end. */
  removeChild(address: Address): void {
    this.#spread({ type: 'gone', address }, address);
  }

  /** From now on others can reach the object under its id. */
  host(id: string, owner: Owner): void {
    this.#owners.set(id, owner);
  }

  unhost(id: string): void {
    this.#owners.delete(id);
  }

  hosted(id: string): Owner | null {
    return this.#owners.get(id) ?? null;
  }

  proxy(id: string): Listener | undefined {
    return this.#proxies.get(id);
  }

  /** From now on the proxy gets what the object has to say. One for each object. */
  listen(id: string, proxy: Listener): void {
    this.#proxies.set(id, proxy);
  }

  unlisten(id: string): void {
    this.#proxies.delete(id);
  }

  /**
   * Asks an object in another process. The message is with the operating system before this returns. Rejects with what
   * the object answered, with ConnectionClosed when its process is gone, with NotCloneable.
   */
  call(to: Address, object: string, op: Operation, { arrived, handles }: RequestOptions): Promise<unknown> {
    const send = (seq: number): void => {
      const link = this.linkTo(to);
      const head = { type: 'call' as const, to, from: this.address, seq, object, op };
      if (handles === undefined) link.send({ ...head, handles: handleTable }, op, to);
      else link.relay({ ...head, handles });
    };
    return this.#calls.ask(to, send, arrived);
  }

  /** Tells an object, here or elsewhere, something that holds no user's values and needs no answer. */
  tell(to: Address, object: string, op: Operation): void {
    const message: Routed = { type: 'call', to, from: this.address, seq: 0, object, op, handles: [] };
    if (to === this.address) this.#deliver(message);
    else this.next(to)?.relay(message);
  }

  /** Sends an item to a queue that gave credit for it. Null, or a promise to wait for when the channel is full. Throws ConnectionClosed. */
  put(to: Address, object: string, item: PackedParcel): Promise<void> | null {
    const link = this.linkTo(to);
    const room = link.relay({ type: 'items', to, from: this.address, object, seq: 0, items: [item] });
    return room ? null : link.drained();
  }

  /** Null, or a promise of when it is with the operating system. The dead are told nothing. */
  notify(to: Address, object: string, what: About, count = 1): Promise<void> | null {
    const link = this.next(to);
    const room = link?.relay({ type: 'notice', to, from: this.address, object, what, count }) ?? true;
    return room ? null : (link?.drained() ?? null);
  }

  /** As `notify`, but by the end of this turn of the event loop, or with what is sent before that. */
  notifySoon(to: Address, object: string, what: About, count = 1): void {
    this.next(to)?.relaySoon({ type: 'notice', to, from: this.address, object, what, count });
  }

  /** Sends items of an object that lives here, which keeps its hold on what is in them until they are taken. */
  deliver(to: Address, object: string, items: readonly PackedParcel[], seq = 0): void {
    for (const item of items) holdAll(item.handles, to);
    this.next(to)?.relay({ type: 'items', to, from: this.address, object, seq, items });
  }

  /** A message from a neighbour, for this process or for another. */
  receive(message: Routed | Death, from: Address): void {
    if (message.type === 'gone') this.#spread(message, from);
    else if (message.to === this.address) this.#deliver(message);
    else this.#forward(message);
  }

  #deliver(message: Routed): void {
    switch (message.type) {
      case 'items':
        this.#receiveItems(message);
        return;
      case 'notice':
        this.#listener(message.object)?.noticed?.(message.what, message.count, message.from);
        return;
      case 'call':
        this.#answer(message);
        return;
      case 'reply':
        this.#calls.answered(message.seq, message);
        return;
      case 'refusal':
        this.#calls.refused(message.seq, message.error);
        return;
      default:
        message satisfies never;
    }
  }

  #listener(object: string): Listener | undefined {
    return this.#owners.get(object) ?? this.#proxies.get(object);
  }

  #receiveItems({ object, from, seq, items }: Routed & { type: 'items' }): void {
    const listener = this.#listener(object);
    if (listener?.arrive !== undefined) listener.arrive(items, from);
    else for (const item of items) dropAll(item.handles, this.address);
    if (seq > 0) this.#calls.answered(seq, NOTHING);
  }

  /** Lets the object do what was asked, and sends what came of it; at once, where it is known at once. */
  #answer(message: Routed & { type: 'call' }): void {
    const { from, seq } = message;
    const reply = (parcel: Parcel): void => {
      if (seq === 0) return;
      if (parcel.items !== undefined) {
        this.deliver(from, message.object, parcel.items, seq);
        return;
      }
      if (parcel.kept === true) holdAll(parcel.handles, from);
      else passOn(parcel.handles, this.address, from);
      this.next(from)?.relay({ type: 'reply', to: from, seq, value: parcel.value, handles: parcel.handles });
    };
    const refuse = (error: unknown): void => {
      dropAll(message.handles, this.address);
      if (seq === 0) return;
      this.next(from)?.relay({ type: 'refusal', to: from, seq, error: encodeError(error) });
    };
    try {
      const owner = this.#owners.get(message.object);
      if (owner === undefined) throw new ObjectGone('the shared object is no more');
      const result = owner.handle(message.op, from, message.handles);
      if (typeof result === 'function') result(reply, refuse);
      else reply(result);
    } catch (error) {
      refuse(error);
    }
  }

  #forward(message: Routed): void {
    const next = this.next(message.to);
    if (next !== undefined) next.relay(message);
    else if (message.type === 'call' && message.seq > 0) {
      const error = encodeError(new ConnectionClosed('the process of the shared object is gone'));
      this.next(message.from)?.relay({ type: 'refusal', to: message.from, seq: message.seq, error });
    }
  }

  /** Acts on a death, and tells of it. */
  #spread(death: Death, from: Address): void {
    const gone = (address: Address): boolean => isWithin(address, death.address);
    this.recordDeath(death.address);
    for (const owner of this.#owners.values()) owner.leave?.(gone);
    for (const proxy of this.#proxies.values()) proxy.leave?.(gone);
    this.#calls.leave(gone);
    this.relayDeath(death, from);
  }
}

/** This process's one place in the tree. */
export const router = new Router();
