import { availableParallelism } from 'node:os';
import { checkWhole, millisecondsOf } from './arguments.ts';
import { type AsyncResult, checkTaskOptions, Outcome, type TaskLimits, type TaskOptions } from './async-result.ts';
import { pack } from './handles.ts';
import { Dispatcher } from './pool-dispatcher.ts';
import type { Completion } from './pool-job.ts';
import { checkItems, chunksizeOf, type MapOptions, mapAll, mapLazily } from './pool-map.ts';
import { checkOptions, type PoolOptions } from './pool-options.ts';
import { checkCall, checkTask, type Task } from './tasks.ts';

/** A worker as it is seen now. */
export interface WorkerView {
  /** Slot, 0 to size - 1. A replacement takes the slot of the dead one. */
  index: number;
  pid: number | undefined;
  /** It has a task, or is starting. */
  busy: boolean;
}

/** So many processes at most, started when there is work for them and reused until the end, or until there is none for a while. */
export class ProcessPool {
  readonly #options: PoolOptions;
  readonly #dispatcher: Dispatcher;

  /** @param size how many workers at most; default: the CPUs available. Throws for what cannot be meant. */
  constructor(size: number = availableParallelism(), options: PoolOptions = {}) {
    checkOptions(size, options);
    // A worker's start is too late to find out that it cannot be told its arguments.
    if (options.initargs !== undefined) pack(options.initargs, null);
    this.#options = options;
    this.#dispatcher = new Dispatcher(size, options);
  }

  /** How many workers there may be. */
  get size(): number {
    return this.#dispatcher.size;
  }

  /**
   * More workers may be started from now on, or fewer used: those beyond the size end what they have and stay, without a task, until
   * it grows again or they have been idle for `idleTimeout`. Throws for what cannot be meant.
   */
  resize(size: number): void {
    checkOptions(size, this.#options);
    this.#dispatcher.resize(size);
  }

  /**
   * So many tasks will come: as many workers are started meanwhile, `startsAtOnce` at a time and no more than the size. A task that comes
   * does not change the number.
   */
  expect(tasks: number): void {
    checkWhole('the number of tasks', tasks, 0);
    this.#dispatcher.expect(tasks);
  }

  /** The workers that run now, in order of their slots. */
  get workers(): WorkerView[] {
    return this.#dispatcher.running.map(({ index, pid, load, ready }) => ({ index, pid, busy: load > 0 || !ready }));
  }

  /** Hands in a task. Throws PoolClosed after `close`. Arguments that cannot be cloned fail the task with NotCloneable. */
  applyAsync<Args extends unknown[], Result>(
    task: Task<Args, Result>,
    args: NoInfer<Args>,
    options: TaskOptions<Result> = {},
  ): AsyncResult<Result> {
    checkCall(task, args);
    checkTaskOptions(options);
    const outcome = new Outcome<Result>(options);
    const { signal, timeout } = options;
    if (signal?.aborted) {
      outcome.reject(signal.reason);
      return outcome;
    }
    const limit = millisecondsOf('timeout', timeout);
    const job = this.#dispatcher.submit(task, args, { each: false, ahead: 'none', limit }, outcome as Completion);
    if (job !== null && signal !== undefined) {
      const giveUp = (): void => {
        job.reject(signal.reason);
        this.#dispatcher.killAbandoned();
      };
      signal.addEventListener('abort', giveUp, { once: true });
      outcome.onceEnded(() => signal.removeEventListener('abort', giveUp));
    }
    return outcome;
  }

  /** Hands in a task and waits for its result. Rejects with its error, or WorkerLost, PoolClosed, NotCloneable. */
  async apply<Args extends unknown[], Result>(
    task: Task<Args, Result>,
    args: NoInfer<Args>,
    limits: TaskLimits = {},
  ): Promise<Result> {
    return this.applyAsync(task, args, limits).get();
  }

  /**
   * Runs a task for each element, several a message (`chunksize`; default: a quarter of each worker's share), and resolves to the
   * results in their order. Rejects with the first error; what was handed in is still worked on.
   */
  async map<Item, Result>(
    task: Task<[Item], Result>,
    items: Iterable<Item>,
    options: MapOptions = {},
  ): Promise<Result[]> {
    checkTask(task);
    checkItems(items, false);
    return mapAll(this.#dispatcher, task, items, chunksizeOf(options));
  }

  /** As `imapUnordered`, with the results in the order of the elements. */
  imap<Item, Result>(
    task: Task<[Item], Result>,
    items: Iterable<Item> | AsyncIterable<Item>,
    options: MapOptions = {},
  ): AsyncGenerator<Result, void, undefined> {
    return this.#mapLazily(task, items, true, options);
  }

  /**
   * Runs a task for each element, and gives the results as they come. Elements are taken as workers want them, and no more while the
   * results are not taken. Throws the first error. `chunksize` defaults to 1.
   */
  imapUnordered<Item, Result>(
    task: Task<[Item], Result>,
    items: Iterable<Item> | AsyncIterable<Item>,
    options: MapOptions = {},
  ): AsyncGenerator<Result, void, undefined> {
    return this.#mapLazily(task, items, false, options);
  }

  #mapLazily<Item, Result>(
    task: Task<[Item], Result>,
    items: Iterable<Item> | AsyncIterable<Item>,
    ordered: boolean,
    options: MapOptions,
  ): AsyncGenerator<Result, void, undefined> {
    checkTask(task);
    checkItems(items, true);
    return mapLazily(this.#dispatcher, task, items, { ordered, chunksize: chunksizeOf(options) });
  }

  /** No new tasks. The workers end what was handed in, and exit. */
  close(): void {
    this.#dispatcher.close();
  }

  /** Resolves when every worker is gone. Rejects with MisuseError before `close` or `terminate`. */
  join(): Promise<void> {
    return this.#dispatcher.join();
  }

  /** Kills the workers; tasks that have not ended fail with PoolClosed. Resolves when all are gone. */
  terminate(): Promise<void> {
    return this.#dispatcher.terminate();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.terminate();
  }
}

export { ProcessPool as Pool };
