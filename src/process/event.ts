import { type WaitOptions, waitOf } from './arguments.ts';
import { WaitTimeout } from './errors.ts';
import { reviveWith } from './handles.ts';
import type { Descriptor } from './protocol.ts';
import { type Owner, router } from './router.ts';
import { describe, Shared } from './shared.ts';

/** A flag that any number of processes can wait for. It lives in the process that made it, or in a Manager. */
export class Event extends Shared {
  constructor();
  /** @internal One that exists already or has just been made. */
  constructor(descriptor: Descriptor, core: Owner | null);
  constructor(descriptor = describe('event', 0), core?: Owner | null) {
    super(descriptor, core);
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

reviveWith('event', (descriptor) => new Event(descriptor, router.hosted(descriptor.id)));
