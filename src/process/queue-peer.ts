// A queue that lives elsewhere, as this process knows it: credit to send items, and items that were sent here ahead. Kept for each
// process, not for each view that it has of the queue: the queue counts them that way, and one recall must reach all of them.
import { BufferTooShort, MisuseError } from './errors.ts';
import { Fifo } from './fifo.ts';
import { open } from './handles.ts';
import { hold, release } from './keep-alive.ts';
import type { About, Address, PackedParcel } from './protocol.ts';
import { type Listener, router } from './router.ts';

/** Items sent ahead to this process, at most. */
const MOST_AHEAD = 64;
/** Milliseconds in which what was sent ahead should be taken: a consumer that needs longer is sent less. */
const QUICK = 5;

/** Items that came unasked and were taken, and their bytes, before the queue is told. */
const REPORT_EVERY = 32;
const REPORT_BYTES = 2 ** 16;

interface Getter {
  /** Only bytes, that many at most; null for any item. */
  bytes: number | null;
  resolve(value: unknown): void;
  reject(error: unknown): void;
  /** Has not asked, since items come unasked. */
  unasked?: Ask;
}

/**
 * Asks the queue for an item, and for so many ahead; so many calls of `get` have none. `arrived` is called with undefined when the
 * queue refuses, before anything that it says later.
 */
export type Ask = (ahead: number, waiting: number, arrived?: (answer: unknown) => void) => Promise<unknown>;

/** This process as a producer for one queue, and as a consumer. */
export class QueuePeer implements Listener {
  readonly #owner: Address;
  readonly #queue: string;
  /** Items that may be sent without asking. */
  #credit = 0;
  /** Puts that were sent and wait for their answer. */
  #asked = 0;
  /** Sent here and not taken; there are none while somebody waits for one. */
  readonly #items = new Fifo<PackedParcel>();
  /** Whoever waits for an item, in order. Each has asked for one. */
  readonly #getters = new Set<Getter>();
  #ahead = 0;
  #arrivedAt = 0;
  #streaming = false;
  /** Taken of what came unasked. */
  #unreported = 0;
  #unreportedBytes = 0;
  /** Items got here, without those that were marked as done. */
  #undone = 0;

  constructor(owner: Address, queue: string) {
    this.#owner = owner;
    this.#queue = queue;
  }

  /** While an earlier put still waits to be let in, an item sent on credit would overtake it. */
  get maySend(): boolean {
    return this.#credit > 0 && this.#asked === 0;
  }

  get hasItem(): boolean {
    return this.#items.length > 0;
  }

  /** Marks an item as done that this process has got: nobody has to be asked whether there is one. */
  markDone(): boolean {
    if (this.#undone === 0) return false;
    this.#undone--;
    return true;
  }

  spend(): void {
    this.#credit--;
    this.#forgetIfIdle();
  }

  ask(): void {
    this.#asked++;
    router.listen(this.#queue, this);
  }

  /** @param credit what the queue answered, or 0 when it refused. */
  answered(credit: number): void {
    this.#asked--;
    this.#credit += credit;
    this.#forgetIfIdle();
  }

  /**
   * The next item: one that is here, else one that `ask` asks the queue for, together with so many ahead. Rejects with what `ask`
   * rejects with.
   *
   * @param patient has no time limit.
   */
  async get(bytes: number | null, ask: Ask, patient: boolean): Promise<unknown> {
    // Items are taken without coming back to the event loop. After one that took its time a recall may be waiting there.
    // The clock may have been set back.
    if (this.hasItem && Math.abs(Date.now() - this.#arrivedAt) > QUICK) {
      await new Promise((resolve) => setImmediate(resolve));
      this.#arrivedAt = Date.now();
    }
    return new Promise((resolve, reject) => {
      const getter: Getter = { bytes, resolve, reject };
      if (this.hasItem) {
        this.#give(getter);
        this.#refill();
        return;
      }
      const unasked = this.#streaming && patient;
      // The queue answers who has asked in their order: its answer to this one would go to another that came earlier.
      if (!unasked) this.#askAll();
      this.#getters.add(getter);
      router.listen(this.#queue, this);
      if (unasked) {
        getter.unasked = ask;
        hold();
      } else {
        this.#ask(getter, ask);
      }
    });
  }

  #ask(getter: Getter, ask: Ask): void {
    // What it has not heard of would count as on its way here.
    this.#report();
    const arrived = (answer: unknown): void => {
      if (answer === undefined) this.#refused(getter);
    };
    ask(this.#nextAhead(), this.#getters.size, arrived).catch(getter.reject);
  }

  #endStream(): void {
    this.#streaming = false;
    this.#report();
  }

  #askAll(): void {
    for (const getter of this.#getters) {
      const ask = getter.unasked;
      if (ask === undefined) continue;
      delete getter.unasked;
      release();
      this.#ask(getter, ask);
    }
  }

  #report(): void {
    const count = this.#unreported;
    this.#unreported = 0;
    this.#unreportedBytes = 0;
    if (count > 0) router.notify(this.#owner, this.#queue, 'taken', count);
  }

  #refused(getter: Getter): void {
    this.#getters.delete(getter);
    this.#ahead = 0;
    this.#forgetIfIdle();
  }

  /** Items from the queue, in its order. */
  arrive(items: readonly PackedParcel[]): void {
    this.#arrivedAt = Date.now();
    for (const item of items) this.#items.push(item);
    for (const getter of this.#getters) {
      if (!this.hasItem) break;
      this.#getters.delete(getter);
      if (getter.unasked !== undefined) release();
      this.#give(getter);
    }
    if (this.hasItem) router.listen(this.#queue, this);
    else this.#forgetIfIdle();
  }

  noticed(what: About): void {
    switch (what) {
      case 'stream':
        this.#streaming = true;
        this.#ahead = 0;
        router.listen(this.#queue, this);
        return;
      case 'recallCredit':
        router.notify(this.#owner, this.#queue, 'credit', this.#credit);
        this.#credit = 0;
        break;
      case 'recallItems':
        this.#endStream();
        this.#ahead = 0;
        router.notify(this.#owner, this.#queue, 'returned', this.#items.drain().length);
        this.#askAll();
        break;
    }
    this.#forgetIfIdle();
  }

  /** The credit of a dead queue is void: the next put asks, and is told. Its items are still got. */
  leave(gone: (address: Address) => boolean): void {
    if (!gone(this.#owner)) return;
    this.#credit = 0;
    this.#ahead = 0;
    this.#endStream();
    this.#askAll();
    this.#forgetIfIdle();
  }

  #give(getter: Getter): void {
    const item = this.#items.peek();
    if (item === undefined) return;
    const objection = unfit(item, getter.bytes);
    if (objection !== null) {
      getter.reject(objection);
      return;
    }
    this.#items.shift();
    this.#undone++;
    // The queue learns that the item is taken before anybody sees it: else, with this process killed, another would get it again.
    const written = this.#taken(item);
    try {
      const value = open(item);
      if (written === null) getter.resolve(value);
      else written.then(() => getter.resolve(value));
    } catch (error) {
      getter.reject(error);
    }
    this.#forgetIfIdle();
  }

  #taken(item: PackedParcel): Promise<void> | null {
    if (!this.#streaming) return router.notify(this.#owner, this.#queue, 'taken');
    this.#unreported++;
    this.#unreportedBytes += item.value.length;
    const enough = this.#unreported >= REPORT_EVERY || this.#unreportedBytes >= REPORT_BYTES;
    // Ends of pipes in it are held by the queue until then.
    if (enough || item.handles.length > 0) this.#report();
    return null;
  }

  /** Asks for more when half of what was ahead is taken, so that there is always something here. */
  #refill(): void {
    if (this.#ahead < 3 || this.#items.length !== this.#ahead >> 1) return;
    router.notify(this.#owner, this.#queue, 'more', this.#nextAhead());
  }

  /** More for who takes them quickly, and nothing for who does not: they might be wanted elsewhere. */
  #nextAhead(): number {
    const elapsed = Date.now() - this.#arrivedAt;
    if (elapsed < QUICK) this.#ahead = Math.min(2 * this.#ahead + 1, MOST_AHEAD);
    else this.#ahead = elapsed < 10 * QUICK ? this.#ahead >> 2 : 0;
    return this.#ahead;
  }

  #forgetIfIdle(): void {
    // With `#ahead` above 0 items may be on their way that nobody here waits for yet.
    const expecting = this.#ahead > 0 || this.#streaming || this.#getters.size > 0;
    const busy = this.#credit > 0 || this.#asked > 0 || expecting || this.hasItem;
    if (!busy) router.unlisten(this.#queue);
  }
}

/** Why a getter with room for so many bytes cannot have this item, or null. The item then stays where it is. */
export function unfit(item: PackedParcel, bytes: number | null): Error | null {
  if (bytes === null) return null;
  const value = open(item);
  if (!(value instanceof Uint8Array)) return new MisuseError('the next message is not bytes: use recv');
  const { byteLength } = value;
  return byteLength <= bytes ? null : new BufferTooShort(`the next message has ${byteLength} bytes, the room ${bytes}`);
}
