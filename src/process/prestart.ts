import { checkNames } from './arguments.ts';
import { Child } from './fork.ts';
import type { FromChild } from './protocol.ts';
import { type EarlyStart, FORK_OPTIONS, type ForkOptions } from './spawn.ts';

/** A child that boots while its parent still finds out what to do. It does not keep the parent running. */
export class PrestartedWorker {
  readonly #child: Child;
  #owner: ((message: FromChild) => void) | null = null;

  constructor(options: ForkOptions, early?: EarlyStart) {
    // A child says nothing before its owner has told it who it is.
    this.#child = new Child('worker', options, (message) => this.#owner?.(message), early);
    this.#child.daemon = true;
  }

  get pid(): number | undefined {
    return this.#child.pid;
  }

  /** For the pool that takes it over; null when it is dead. Throws TypeError the second time. */
  adopt(owner: (message: FromChild) => void): Child | null {
    if (this.#owner !== null) throw new TypeError('this worker already belongs to a pool');
    this.#owner = owner;
    this.#child.daemon = false;
    return this.#child.alive ? this.#child : null;
  }

  /** Ends it unused. Resolves when it is gone. */
  async discard(): Promise<void> {
    // Who waits for its end is not to end before.
    this.#child.daemon = false;
    this.#child.kill('SIGKILL');
    await this.#child.ended;
  }
}

/**
 * Forks a worker now, before it is known how many are wanted, to be given to `new ProcessPool(n, { prestarted })` with
 * the same `preload`, `notes` and so on. It dies with this process, or by `discard`.
 */
export function prestartWorker(options: ForkOptions = {}): PrestartedWorker {
  checkNames(options, FORK_OPTIONS);
  return new PrestartedWorker(options);
}
