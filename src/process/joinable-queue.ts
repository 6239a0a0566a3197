import { type WaitOptions, waitOf } from './arguments.ts';
import { MisuseError, QueueClosed } from './errors.ts';
import { reviveWith } from './handles.ts';
import { Queue } from './queue.ts';
import { router } from './router.ts';
import { Existing } from './shared.ts';

/** A queue that knows when everything put into it has been dealt with. */
export class JoinableQueue<T> extends Queue<T> {
  /** @param capacity as for a Queue. */
  constructor(capacity?: number);
  /** @internal */
  constructor(known: Existing);
  constructor(capacity?: number | Existing) {
    super(capacity, 'joinable-queue');
  }

  /**
   * Says that an item that was got is dealt with. It is known to the queue by the end of this turn of the event loop, or when the next item
   * is got. Rejects with MisuseError when called more often than `put`, once that is known.
   */
  async taskDone(): Promise<void> {
    if (!this.isHere && this.peer.markDone()) {
      router.linkTo(this.owner); // Throws when it is gone.
      // With more items here nobody's `join` can end yet: it goes out with the report that the next one is taken.
      if (this.peer.hasItem) router.notifySoon(this.owner, this.id, 'done');
      else await router.notify(this.owner, this.id, 'done');
      return;
    }
    try {
      await this.request({ op: 'taskDone' });
    } catch (error) {
      throw error instanceof QueueClosed ? new MisuseError('taskDone was called more often than put') : error;
    }
  }

  /** Resolves when every item put was marked as done. Rejects with WaitTimeout after `timeout`. */
  async join(options?: WaitOptions): Promise<void> {
    try {
      await this.request({ op: 'join', wait: waitOf(options) });
    } catch (error) {
      // It is let go when it is closed, empty, and all is done.
      if (!(error instanceof QueueClosed)) throw error;
    }
  }
}

reviveWith('joinable-queue', (descriptor) => new JoinableQueue(new Existing(descriptor)));
