import { capacityOf } from './arguments.ts';
import { Dict } from './dict.ts';
import { MisuseError } from './errors.ts';
import { Child, type ForkOptions } from './fork.ts';
import { JoinableQueue } from './joinable-queue.ts';
import { List } from './list.ts';
import { Lock } from './lock.ts';
import { makerId } from './maker.ts';
import { Queue } from './queue.ts';
import { router } from './router.ts';
import { describe } from './shared.ts';
import type { Descriptor, Key, MadeKind } from './wire.ts';

/**
 * A process that does nothing but hold objects for others, so that none of them has to live in a process that is
 * busy with something else. It is started at once, and does not keep this process running.
 */
export class Manager {
  readonly #child: Child;

  constructor(options: ForkOptions = {}) {
    this.#child = new Child('manager', options, () => {});
    this.#child.daemon = true;
    const common = { index: null, daemon: true, initializer: null, args: [], handles: [] };
    this.#child.send({ type: 'setup', name: 'Manager', ...common });
  }

  get pid(): number | undefined {
    return this.#child.pid;
  }

  dict<K extends Key, V>(): Dict<K, V> {
    return new Dict<K, V>(this.#make('dict', 0));
  }

  list<T>(): List<T> {
    return new List<T>(this.#make('list', 0));
  }

  lock(): Lock {
    return new Lock(this.#make('lock', 0));
  }

  /** @param capacity as for a Queue. */
  queue<T>(capacity: number = Number.POSITIVE_INFINITY): Queue<T> {
    const limit = capacityOf(capacity);
    return new Queue<T>(limit, this.#make('queue', limit), null);
  }

  /** @param capacity as for a Queue. */
  joinableQueue<T>(capacity: number = Number.POSITIVE_INFINITY): JoinableQueue<T> {
    const limit = capacityOf(capacity);
    return new JoinableQueue<T>(limit, this.#make('joinable-queue', limit), null);
  }

  /** Ends the manager and with it all it holds: whoever still asks gets ConnectionClosed. Resolves when it is gone. */
  async shutdown(): Promise<void> {
    this.#child.daemon = false;
    this.#child.kill('SIGKILL');
    await this.#child.ended;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.shutdown();
  }

  #make(kind: MadeKind, detail: number): Descriptor {
    if (!this.#child.alive) throw new MisuseError('the manager is gone');
    const home = this.#child.address;
    const descriptor = { ...describe(kind, detail), home };
    router.tell(home, makerId(home), { op: 'make', kind, id: descriptor.id, detail });
    return descriptor;
  }
}
