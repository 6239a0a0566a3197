import { capacityOf, checkNames, shown } from './arguments.ts';
import { checkKey, Dict } from './dict.ts';
import { MisuseError } from './errors.ts';
import { Child } from './fork.ts';
import { pack } from './handles.ts';
import { JoinableQueue } from './joinable-queue.ts';
import { List } from './list.ts';
import { factoryId } from './object-factory.ts';
import { type Key, type MadeKind, NO_SETUP } from './protocol.ts';
import { Queue } from './queue.ts';
import { router } from './router.ts';
import { describe, Existing } from './shared.ts';
import { FORK_OPTIONS, type ForkOptions } from './spawn.ts';
import { checkPermits, Event, Lock, Semaphore } from './sync.ts';

/**
 * A process that does nothing but hold objects for others, so that none of them has to live in a process that is
 * busy with something else. It is started at once, and does not keep this process running.
 */
export class Manager {
  readonly #child: Child;

  constructor(options: ForkOptions = {}) {
    checkNames(options, FORK_OPTIONS);
    this.#child = new Child('manager', options, () => {});
    this.#child.daemon = true;
    this.#child.send({ type: 'setup', name: 'Manager', daemon: true, ...NO_SETUP });
  }

  get pid(): number | undefined {
    return this.#child.pid;
  }

  /** @param initial what it holds at first: entries, a Map or a plain object. Throws NotCloneable. */
  dict<K extends Key, V>(initial: Iterable<readonly [K, V]> | Readonly<Record<K & string, V>> = []): Dict<K, V> {
    const entries = entriesOf(initial) as [K, V][];
    pack(entries, null);
    const dict = new Dict<K, V>(this.#make('dict', 0));
    // Sent before anybody can ask. What could go wrong now, the manager's end, is seen by all later calls.
    for (const [key, value] of entries) dict.set(key, value).catch(() => {});
    return dict;
  }

  /** @param initial what it holds at first. Throws NotCloneable. */
  list<T>(initial: Iterable<T> = []): List<T> {
    const values = [...initial];
    pack(values, null);
    const list = new List<T>(this.#make('list', 0));
    for (const value of values) list.push(value).catch(() => {});
    return list;
  }

  lock(): Lock {
    return new Lock(this.#make('lock', 1));
  }

  /** @param permits 1 or more; default 1. */
  semaphore(permits = 1): Semaphore {
    return new Semaphore(this.#make('semaphore', checkPermits(permits)));
  }

  event(): Event {
    return new Event(this.#make('event', 0));
  }

  /** @param capacity as for a Queue. */
  queue<T>(capacity: number = Number.POSITIVE_INFINITY): Queue<T> {
    return new Queue<T>(this.#make('queue', capacityOf(capacity)));
  }

  /** @param capacity as for a Queue. */
  joinableQueue<T>(capacity: number = Number.POSITIVE_INFINITY): JoinableQueue<T> {
    return new JoinableQueue<T>(this.#make('joinable-queue', capacityOf(capacity)));
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

  #make(kind: MadeKind, detail: number): Existing {
    if (!this.#child.alive) throw new MisuseError('the manager is gone');
    const owner = this.#child.address;
    const descriptor = { ...describe(kind, detail), owner };
    router.tell(owner, factoryId(owner), { op: 'make', kind, id: descriptor.id, detail });
    return new Existing(descriptor);
  }
}

function entriesOf(initial: unknown): (readonly [unknown, unknown])[] {
  if (typeof initial !== 'object' || initial === null) {
    throw new TypeError(`expected entries, a Map or an object, not ${shown(initial)}`);
  }
  const entries = Symbol.iterator in initial ? [...(initial as Iterable<[unknown, unknown]>)] : Object.entries(initial);
  for (const [key] of entries) checkKey(key);
  return entries;
}
