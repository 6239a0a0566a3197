import { availableParallelism } from 'node:os';
import { millisecondsOf } from './arguments.ts';
import { type AsyncResult, checkTaskOptions, Outcome, type TaskLimits, type TaskOptions } from './async-result.ts';
import { MisuseError, PoolClosed, type WorkerLost } from './errors.ts';
import { Fifo } from './fifo.ts';
import { pack } from './handles.ts';
import { Job, type JobOptions } from './pool-job.ts';
import { type MapOptions, mapAll, mapLazily, type Submitter } from './pool-map.ts';
import { checkOptions, type PoolOptions } from './pool-options.ts';
import { PoolWorker, type WorkerListener } from './pool-worker.ts';
import type { PrestartedWorker } from './prestart.ts';
import type { Target } from './protocol.ts';
import { checkCall, checkTask, type Task } from './tasks.ts';

/** Workers that died in a row before they were ready: after so many, no further one is tried for the waiting tasks. */
const STARTUP_ATTEMPTS = 2;

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
  #size: number;
  readonly #options: PoolOptions;
  /** Workers that stay, tasks or not. */
  readonly #least: number;
  readonly #slots: (PoolWorker | null)[];
  readonly #pending = new Fifo<Job>();
  #startupFailures = 0;
  #lastStartupLoss: WorkerLost | null = null;
  #state: 'open' | 'closed' | 'terminated' = 'open';
  #joiners: (() => void)[] = [];

  /** @param size how many workers at most; default: the CPUs available. Throws for what cannot be meant. */
  constructor(size: number = availableParallelism(), options: PoolOptions = {}) {
    checkOptions(size, options);
    // A worker's start is too late to find out that it cannot be told its arguments.
    if (options.initargs !== undefined) pack(options.initargs, null);
    this.#size = size;
    this.#options = options;
    this.#least = options.minWorkers ?? 0;
    this.#slots = new Array<PoolWorker | null>(size).fill(null);
    for (const [index, early] of (options.prestarted ?? []).entries()) {
      if (index < size) this.#start(index, early);
      else early.discard();
    }
    this.#fill();
  }

  /** How many workers there may be. */
  get size(): number {
    return this.#size;
  }

  /**
   * More workers may be started from now on, or fewer used: those beyond the size end what they have and stay, without a task, until
   * it grows again or they have been idle for `idleTimeout`. Throws for what cannot be meant.
   */
  resize(size: number): void {
    checkOptions(size, this.#options);
    this.#size = size;
    while (this.#slots.length < size) this.#slots.push(null);
    this.#dispatch();
  }

  /** The workers that run now, in order of their slots. */
  get workers(): WorkerView[] {
    return this.#running().map(({ index, pid, load, ready }) => ({ index, pid, busy: load > 0 || !ready }));
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
    const limit = millisecondsOf('timeout', options.timeout);
    if (options.signal?.aborted) outcome.reject(options.signal.reason);
    else
      this.#watch(
        this.#add(task, args, { each: false, ahead: false, limit }, outcome as Outcome<unknown>),
        options.signal,
      );
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
    return mapAll(this.#submitter, task, items, options);
  }

  /** As `imapUnordered`, with the results in the order of the elements. */
  imap<Item, Result>(
    task: Task<[Item], Result>,
    items: Iterable<Item> | AsyncIterable<Item>,
    options: MapOptions = {},
  ): AsyncGenerator<Result, void, undefined> {
    checkTask(task);
    return mapLazily(this.#submitter, task, items, options, true);
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
    checkTask(task);
    return mapLazily(this.#submitter, task, items, options, false);
  }

  /** No new tasks. The workers end what was handed in, and exit. */
  close(): void {
    if (this.#state === 'open') this.#state = 'closed';
    this.#finishIfDone();
  }

  /** Resolves when every worker is gone. Rejects with MisuseError before `close` or `terminate`. */
  async join(): Promise<void> {
    if (this.#state === 'open') throw new MisuseError('join a pool after close or terminate');
    if (this.#running().length > 0) await new Promise<void>((resolve) => this.#joiners.push(resolve));
  }

  /** Kills the workers; tasks that have not ended fail with PoolClosed. Resolves when all are gone. */
  async terminate(): Promise<void> {
    this.#state = 'terminated';
    const error = new PoolClosed('the pool was terminated');
    for (const job of this.#pending.drain()) job.reject(error);
    for (const worker of this.#running()) worker.terminate(error);
    await this.join();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.terminate();
  }

  #running(): PoolWorker[] {
    return this.#slots.filter((worker) => worker !== null);
  }

  #add(target: Target, args: readonly unknown[], options: JobOptions, outcome: Outcome<unknown>): Job | null {
    if (this.#state !== 'open') throw new PoolClosed('the pool takes no more tasks');
    let job: Job;
    try {
      job = new Job(target, args, options, outcome);
    } catch (error) {
      outcome.reject(error as Error);
      return null;
    }
    this.#pending.push(job);
    this.#dispatch();
    return job;
  }

  /** Gives the task up when the signal says so. */
  #watch(job: Job | null, signal: AbortSignal | undefined): void {
    if (signal === undefined || job === null) return;
    const giveUp = (): void => {
      job.reject(signal.reason);
      for (const worker of this.#running()) worker.killIfAbandoned();
    };
    signal.addEventListener('abort', giveUp, { once: true });
    job.onceEnded(() => signal.removeEventListener('abort', giveUp));
  }

  /** Gives out waiting jobs: to idle workers, and when all that can be started are up, ahead to the least busy one. */
  #dispatch(): void {
    for (let job = this.#pending.peek(); job !== undefined; job = this.#pending.peek()) {
      const worker = job.ended ? null : this.#pick(job);
      if (worker === null && !job.ended) return;
      this.#pending.shift();
      worker?.give(job);
    }
  }

  /**
   * The least busy worker that may be given a job; null when the job has to wait. A worker gets nothing before it is ready:
   * its start may hang, and what was sent cannot be taken back.
   */
  #pick(job: Job): PoolWorker | null {
    const { prefetch = 0 } = this.#options;
    let best: PoolWorker | null = null;
    let starting = 0;
    for (const worker of this.#slots) {
      if (worker !== null && worker.index >= this.#size) continue;
      if (worker?.ready === false) starting++;
      else if (worker?.accepts(job, prefetch) && (best === null || worker.load < best.load)) best = worker;
    }
    if (best?.load === 0) return best;
    while (starting < this.#pending.length && this.#startNext() !== null) starting++;
    return starting === 0 ? best : null;
  }

  /** Starts as many as there always are. */
  #fill(): void {
    if (this.#state !== 'open') return;
    let missing = this.#least - this.#running().length;
    while (missing-- > 0 && this.#startNext() !== null);
  }

  #startNext(): PoolWorker | null {
    const index = this.#slots.indexOf(null);
    return index < 0 || index >= this.#size || this.#startupFailures >= STARTUP_ATTEMPTS
      ? null
      : this.#start(index, null);
  }

  #start(index: number, prestarted: PrestartedWorker | null): PoolWorker {
    const worker = new PoolWorker(index, this.#options, prestarted, this.#listener);
    this.#slots[index] = worker;
    return worker;
  }

  get #submitter(): Submitter {
    const submit: Submitter['submit'] = (target, args, options, outcome) =>
      void this.#add(target, args, options, outcome);
    const appetite = (): number => this.#running().reduce((sum, worker) => sum + worker.appetite, 0);
    return { size: this.size, submit, appetite };
  }

  readonly #listener: WorkerListener = {
    workerReady: () => {
      this.#startupFailures = 0;
    },
    workerFree: () => {
      this.#dispatch();
      this.#finishIfDone();
    },
    workerReturned: (unbegun) => {
      for (const job of unbegun.reverse()) this.#pending.unshift(job);
    },
    workerIdle: (worker) => {
      if (this.#running().filter(({ finishing }) => !finishing).length > this.#least) worker.finish();
    },
    workerEnded: (worker, unbegun, startupLoss) => {
      this.#slots[worker.index] = null;
      for (const job of unbegun.reverse()) this.#pending.unshift(job);
      if (startupLoss !== null) {
        this.#startupFailures++;
        this.#lastStartupLoss = startupLoss;
      }
      this.#dispatch();
      this.#fill();
      this.#giveUpIfHopeless();
      this.#finishIfDone();
    },
  };

  /** When no worker comes up and none is left, what waits cannot be done. A later task may try again. */
  #giveUpIfHopeless(): void {
    if (this.#running().length > 0 || this.#startupFailures < STARTUP_ATTEMPTS || this.#lastStartupLoss === null)
      return;
    for (const job of this.#pending.drain()) job.reject(this.#lastStartupLoss);
    this.#startupFailures = 0;
  }

  /** After `close`, with nothing left to give out: every worker may go. */
  #finishIfDone(): void {
    if (this.#state === 'open') return;
    const running = this.#running();
    if (this.#pending.length === 0) for (const worker of running) worker.finish();
    if (running.length === 0 && this.#pending.length === 0) for (const resolve of this.#joiners.splice(0)) resolve();
  }
}

export { ProcessPool as Pool };
