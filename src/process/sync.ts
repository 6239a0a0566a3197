import { checkWhole, type WaitOptions, waitOf } from './arguments.ts';
import { WaitTimeout } from './errors.ts';
import { reviveWith } from './handles.ts';
import { describe, Existing, Shared } from './shared.ts';

/** What whoever gets a lock should know. */
export interface Acquired {
  /** A process died while it held the lock: what the lock protects may be half changed. */
  abandoned: boolean;
}

/**
 * Lets so many at a time do something, in any number of processes. It lives in the process that made it, or in a Manager.
 * A permit belongs to the process that took it: when that ends, the next in line gets it.
 */
export class Semaphore extends Shared {
  /** @param permits 1 or more; default 1. */
  constructor(permits?: number);
  /** @internal */
  constructor(permits: number | Existing, kind?: 'lock');
  constructor(permits: number | Existing = 1, kind: 'semaphore' | 'lock' = 'semaphore') {
    super(permits instanceof Existing ? permits : describe(kind, checkPermits(permits)));
  }

  /**
   * Waits for a permit and takes it. It belongs to the process, not to the function that asked: two functions of one
   * process also wait for each other. Rejects with WaitTimeout after `timeout`, ConnectionClosed.
   */
  async acquire(options?: WaitOptions): Promise<Acquired> {
    return { abandoned: (await this.request({ op: 'acquire', wait: waitOf(options) })) === true };
  }

  /** Rejects with MisuseError when this process holds none. */
  async release(): Promise<void> {
    await this.request({ op: 'release' });
  }

  /** Runs something with a permit, and releases it however that ends. */
  async run<T>(critical: (acquired: Acquired) => T | Promise<T>): Promise<T> {
    const acquired = await this.acquire();
    try {
      return await critical(acquired);
    } finally {
      await this.release();
    }
  }
}

/** Lets one at a time do something: a semaphore of one. */
export class Lock extends Semaphore {
  constructor();
  /** @internal */
  constructor(known: Existing);
  constructor(known?: Existing) {
    super(known ?? 1, 'lock');
  }
}

/** Throws TypeError and RangeError for what is no number of permits. */
export function checkPermits(permits: number): number {
  checkWhole('permits', permits, 1);
  return permits;
}

/** A flag that any number of processes can wait for. It lives in the process that made it, or in a Manager. */
export class Event extends Shared {
  constructor();
  /** @internal */
  constructor(known: Existing);
  constructor(known?: Existing) {
    super(known ?? describe('event', 0));
  }

  /** Lets all go on who wait, and who come later. */
  async set(): Promise<void> {
    await this.request({ op: 'eventSet' });
  }

  /** From now on `wait` waits again. */
  async clear(): Promise<void> {
    await this.request({ op: 'eventClear' });
  }

  async isSet(): Promise<boolean> {
    return (await this.request({ op: 'eventIsSet' })) as boolean;
  }

  /** Waits until it is set: true; false when that took longer than `timeout`. Rejects with ConnectionClosed. */
  async wait(options?: WaitOptions): Promise<boolean> {
    try {
      await this.request({ op: 'eventWait', wait: waitOf(options) });
      return true;
    } catch (error) {
      if (error instanceof WaitTimeout) return false;
      throw error;
    }
  }
}

reviveWith('lock', (descriptor) => new Lock(new Existing(descriptor)));
reviveWith('semaphore', (descriptor) => new Semaphore(new Existing(descriptor)));
reviveWith('event', (descriptor) => new Event(new Existing(descriptor)));
