import { type WaitOptions, waitOf } from './arguments.ts';
import { ConnectionClosed, EndOfFile, ObjectGone, QueueClosed, QueueEmpty, QueueFull, WaitTimeout } from './errors.ts';
import { type End, LANE_CAPACITY, laneId } from './pipe-core.ts';
import type { Address } from './protocol.ts';
import { Queue } from './queue.ts';
import { Existing } from './shared.ts';

/** One direction of a pipe, as its ends use it: a queue that speaks of connections. */
export class Lane extends Queue<unknown> {
  constructor(owner: Address, pipe: string, to: End) {
    super(new Existing({ kind: 'lane', id: laneId(pipe, to), owner, detail: LANE_CAPACITY }));
  }

  /** @param bytes null for any message; else only bytes, that many at most. */
  receive(bytes: number | null, options: WaitOptions | undefined): Promise<unknown> {
    return this.take(options, bytes);
  }

  async poll(options: WaitOptions): Promise<boolean> {
    try {
      if (!this.isHere && this.peer.hasItem) return true;
      const ready = await this.request({ op: 'poll', wait: waitOf(options) });
      return ready === true || (!this.isHere && this.peer.hasItem);
    } catch (error) {
      if (error instanceof WaitTimeout) return false;
      // There is something to find out: that it is closed.
      if (error instanceof ConnectionClosed) return true;
      throw error;
    }
  }

  protected override translate(error: unknown): unknown {
    if (error instanceof QueueClosed || error instanceof ObjectGone) {
      return new EndOfFile('the other end of the pipe is closed');
    }
    if (error instanceof QueueFull || error instanceof QueueEmpty) return new WaitTimeout(error.message);
    return error;
  }
}
