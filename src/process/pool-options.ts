import { checkNames, checkWhole, millisecondsOf } from './arguments.ts';
import type { PrestartedWorker } from './prestart.ts';
import type { Target } from './protocol.ts';
import { FORK_OPTIONS, type ForkOptions } from './spawn.ts';
import { checkCall } from './tasks.ts';

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
  /**
   * Milliseconds that node may take to start in a worker, before `initializer`; default 60,000. A worker that takes longer
   * is killed and counts as one that could not be started.
   */
  startTimeout?: number | undefined;
  /**
   * Workers that start at the same time, beside `minWorkers`; default: as many as there are tasks for. On few processors many starts delay
   * each other, and the first of them its first task.
   */
  startsAtOnce?: number | undefined;
  /** Workers that are started at once and stay; default 0. */
  minWorkers?: number | undefined;
  /** Milliseconds without a task after which a worker exits, where there are more than `minWorkers`; default: never. */
  idleTimeout?: number | undefined;
  /** Replace a worker after so many tasks (a chunk of `map` is one); default: never. */
  maxTasksPerChild?: number | undefined;
}

/** More processes than any machine has a use for: a number that was not meant. */
const MOST_WORKERS = 4096;

const POOL_OPTIONS: readonly (keyof PoolOptions)[] = [
  'initializer',
  'initargs',
  'prestarted',
  'prefetch',
  'startTimeout',
  'startsAtOnce',
  'minWorkers',
  'idleTimeout',
  'maxTasksPerChild',
  ...FORK_OPTIONS,
];

/** Throws TypeError and RangeError for what cannot be meant. */
export function checkOptions(size: number, options: PoolOptions): void {
  checkWhole('the size of a pool', size, 1, MOST_WORKERS);
  checkNames(options, POOL_OPTIONS);
  checkWhole('minWorkers', options.minWorkers ?? 0, 0, size);
  millisecondsOf('idleTimeout', options.idleTimeout);
  checkWhole('startsAtOnce', options.startsAtOnce ?? 1, 1);
  checkWhole('prefetch', options.prefetch ?? 0, 0);
  checkWhole('maxTasksPerChild', options.maxTasksPerChild ?? 1, 1);
  if (options.initializer !== undefined) checkCall(options.initializer, options.initargs ?? []);
  checkWhole('startTimeout', options.startTimeout ?? 1, 1);
}
