import { capacityOf, type WaitOptions, waitOf } from './arguments.ts';
import { ConnectionClosed, ObjectGone, QueueClosed } from './errors.ts';
import { pack, reviveWith } from './handles.ts';
import type { Operation, PackedParcel } from './protocol.ts';
import { type Ask, QueuePeer } from './queue-peer.ts';
import { router } from './router.ts';
import { describe, Existing, Shared } from './shared.ts';

/** Not at all: what is there now, or nothing. */
const AT_ONCE: WaitOptions = { timeout: 0 };

/**
 * First in, first out, between any number of processes. It lives in the process that made it; pass it to others as an
 * argument or in a message. An item that is put is got once, and one producer's items in their order.
 */
export class Queue<T> extends Shared implements AsyncIterable<T> {
  #peer: QueuePeer | null = null;

  /** @param capacity a whole number; 0, less or Infinity: no limit. Throws TypeError and RangeError for anything else. */
  constructor(capacity?: number);
  /** @internal */
  constructor(capacity: number | Existing | undefined, kind?: 'joinable-queue');
  constructor(capacity: number | Existing = Number.POSITIVE_INFINITY, kind: 'queue' | 'joinable-queue' = 'queue') {
    super(capacity instanceof Existing ? capacity : describe(kind, capacityOf(capacity)));
  }

  /** How many items it holds at most; Infinity: any number. */
  get capacity(): number {
    return this.detail;
  }

  /**
   * Puts an item in. It is handed to the operating system before this returns, so that it arrives even when the caller never
   * comes back to its event loop; the promise resolves when there is room for it. Whoever awaits that before the next `put`
   * keeps the memory of both sides flat.
   *
   * Rejects with QueueFull after `timeout`, QueueClosed after `close`, NotCloneable, ConnectionClosed.
   */
  put(item: T, options?: WaitOptions): Promise<void> {
    return this.#put(item, options);
  }

  /** Puts an item in if there is room, else rejects with QueueFull. */
  putNowait(item: T): Promise<void> {
    return this.#put(item, AT_ONCE);
  }

  /** Takes the first item. Rejects with QueueEmpty after `timeout`, QueueClosed when closed and empty, ConnectionClosed. */
  get(options?: WaitOptions): Promise<T> {
    return this.take(options);
  }

  /** Takes the first item if there is one, else rejects with QueueEmpty. */
  getNowait(): Promise<T> {
    return this.take(AT_ONCE);
  }

  /** How many items are in it. By the time you look at the number, it may be another. */
  async qsize(): Promise<number> {
    try {
      return (await this.request({ op: 'size' })) as number;
    } catch (error) {
      // It is let go when it is closed and empty.
      if (error instanceof QueueClosed) return 0;
      throw error;
    }
  }

  async empty(): Promise<boolean> {
    return (await this.qsize()) === 0;
  }

  async full(): Promise<boolean> {
    return (await this.qsize()) >= this.capacity;
  }

  /** Takes nothing more. What is in it can still be got; then consumers' loops end. Closing twice does nothing. */
  async close(): Promise<void> {
    try {
      await this.request({ op: 'close' });
    } catch (error) {
      if (!(error instanceof ConnectionClosed || error instanceof QueueClosed)) throw error;
    }
  }

  /** Takes item after item until the queue is closed and empty. */
  async *[Symbol.asyncIterator](): AsyncGenerator<T, void, undefined> {
    for (;;) {
      let item: T;
      try {
        item = await this.get();
      } catch (error) {
        if (error instanceof QueueClosed) return;
        throw error;
      }
      yield item;
    }
  }

  async #put(item: T, options: WaitOptions | undefined): Promise<void> {
    const wait = waitOf(options);
    const parcel = pack(item, this.owner);
    if (this.isHere) {
      await this.request(putOf(parcel, wait), { handles: parcel.handles });
      return;
    }
    const peer = this.peer;
    if (!peer.maySend) return this.#askToPut(peer, parcel, wait);
    const full = router.put(this.owner, this.id, parcel);
    peer.spend();
    if (full !== null) await full;
  }

  async #askToPut(producer: QueuePeer, item: PackedParcel, wait: number | null): Promise<void> {
    // The credit counts from the moment it arrives: a recall may come right behind it.
    const arrived = (credit: unknown): void => producer.answered(typeof credit === 'number' ? credit : 0);
    producer.ask();
    await this.request(putOf(item, wait), { arrived, handles: item.handles });
  }

  /** @param bytes only bytes, that many at most; null for any item. */
  protected async take(options: WaitOptions | undefined, bytes: number | null = null): Promise<T> {
    const wait = waitOf(options);
    const ask: Ask = (ahead, waiting, arrived) => {
      return this.request({ op: 'get', wait, bytes, ahead, waiting }, { arrived });
    };
    return (this.isHere ? await ask(0, 1) : await this.peer.get(bytes, ask, wait === null)) as T;
  }

  /** What this process knows of a queue elsewhere: the same object for all views of it, as long as there is anything to know. */
  protected get peer(): QueuePeer {
    const known = router.proxy(this.id);
    if (known instanceof QueuePeer) return known;
    this.#peer ??= new QueuePeer(this.owner, this.id);
    return this.#peer;
  }

  /** A queue is let go when it is closed and empty. */
  protected override translate(error: unknown): unknown {
    return error instanceof ObjectGone ? new QueueClosed('the queue is closed') : error;
  }
}

function putOf({ value }: PackedParcel, wait: number | null): Operation {
  return { op: 'put', item: value, wait };
}

reviveWith('queue', (descriptor) => new Queue(new Existing(descriptor)));
