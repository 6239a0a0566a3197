import { type WaitOptions, waitOf } from './arguments.ts';
import { reviveWith } from './handles.ts';
import { Shared } from './shared.ts';
import type { Descriptor } from './wire.ts';

/** What whoever gets a lock should know. */
export interface Acquired {
  /** A process died with the lock in its hands: what the lock protects may be half changed. */
  abandoned: boolean;
}

/** Lets one process at a time do something. Made by a Manager. When its holder dies, the next one gets it. */
export class Lock extends Shared {
  /** @internal */
  constructor(descriptor: Descriptor) {
    super(descriptor, null);
  }

  /**
   * Waits for the lock and takes it. It belongs to the process, not to the function that asked: two
   * functions of one process also wait for each other. Rejects with WaitTimeout after `timeout`, ConnectionClosed.
   */
  async acquire(options?: WaitOptions): Promise<Acquired> {
    return { abandoned: (await this.request({ op: 'acquire', wait: waitOf(options) })) === true };
  }

  /** Rejects with MisuseError when another process or nobody holds it. */
  async release(): Promise<void> {
    await this.request({ op: 'release' });
  }

  /** Runs something with the lock held, and releases it however that ends. */
  async run<T>(critical: (acquired: Acquired) => T | Promise<T>): Promise<T> {
    const acquired = await this.acquire();
    try {
      return await critical(acquired);
    } finally {
      await this.release();
    }
  }
}

reviveWith('lock', (descriptor) => new Lock(descriptor));
