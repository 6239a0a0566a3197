import type { ForkOptions } from './fork.ts';
import type { PrestartedWorker } from './prestart.ts';
import type { Target } from './wire.ts';

/** How a pool's workers are started and used. */
export interface PoolOptions extends ForkOptions {
  /** Runs in each worker before its first task, in replaced and prestarted ones too. If it throws, the worker could not be started. */
  initializer?: Target | undefined;
  /** Its arguments. They may hold queues and other shared objects. */
  initargs?: readonly unknown[] | undefined;
  /** Workers forked earlier, used before new ones. Those that the size leaves no place for are ended. */
  prestarted?: readonly PrestartedWorker[] | undefined;
  /**
   * Tasks sent ahead to a busy worker, so that it need not wait for its parent between two; default 0. Only when no
   * worker is idle and no more can be started.
   */
  prefetch?: number | undefined;
  /** Replace a worker after so many tasks (a chunk of `map` is one); default: never. */
  maxTasksPerChild?: number | undefined;
}

/** Throws RangeError for numbers that make no sense. */
export function checkOptions(size: number, options: PoolOptions): void {
  const { prefetch = 0, maxTasksPerChild = 1 } = options;
  if (!Number.isInteger(size) || size < 1) throw new RangeError(`a pool needs 1 worker or more, not ${size}`);
  if (!Number.isInteger(prefetch) || prefetch < 0) throw new RangeError(`prefetch must be 0 or more, not ${prefetch}`);
  if (!Number.isInteger(maxTasksPerChild) || maxTasksPerChild < 1) {
    throw new RangeError(`maxTasksPerChild must be 1 or more, not ${maxTasksPerChild}`);
  }
}
