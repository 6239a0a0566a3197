import { MisuseError, PoolClosed, type WorkerLost } from './errors.ts';
import { Fifo } from './fifo.ts';
import { type Completion, Job, type JobOptions } from './pool-job.ts';
import type { PoolOptions } from './pool-options.ts';
import { PoolWorker, type WorkerListener } from './pool-worker.ts';
import type { PrestartedWorker } from './prestart.ts';
import type { Target } from './protocol.ts';

/** Workers that died in a row before they were ready: after so many, no further one is tried for the waiting jobs. */
const STARTUP_ATTEMPTS = 2;

/** The jobs of a pool that wait, and its workers: starts these when there is work for them, gives each job to one, replaces the dead. */
export class Dispatcher {
  #size: number;
  readonly #options: PoolOptions;
  /** Workers that stay, jobs or not. */
  readonly #least: number;
  readonly #slots: (PoolWorker | null)[];
  readonly #pending = new Fifo<Job>();
  readonly #startsAtOnce: number;
  #expected = 0;
  #startupFailures = 0;
  #lastStartupLoss: WorkerLost | null = null;
  #state: 'open' | 'closed' | 'terminated' = 'open';
  #joiners: (() => void)[] = [];

  constructor(size: number, options: PoolOptions) {
    this.#size = size;
    this.#options = options;
    this.#least = options.minWorkers ?? 0;
    this.#startsAtOnce = options.startsAtOnce ?? Number.POSITIVE_INFINITY;
    this.#slots = new Array<PoolWorker | null>(size).fill(null);
    for (const [index, early] of (options.prestarted ?? []).entries()) {
      if (index < size) this.#start(index, early);
      else early.discard();
    }
    this.#fill();
  }

  get size(): number {
    return this.#size;
  }

  /** Workers beyond the size get nothing more. */
  resize(size: number): void {
    this.#size = size;
    while (this.#slots.length < size) this.#slots.push(null);
    this.#dispatch();
  }

  get running(): PoolWorker[] {
    return this.#slots.filter((worker) => worker !== null);
  }

  /** How many jobs it can make use of now. */
  get appetite(): number {
    return this.#slots.reduce((sum, worker) => sum + (worker?.appetite ?? 0), 0);
  }

  /** Throws PoolClosed after `close`. Arguments that cannot be cloned reject the completion, and there is no job. */
  submit(target: Target, args: readonly unknown[], options: JobOptions, completion: Completion): Job | null {
    if (this.#state !== 'open') throw new PoolClosed('the pool takes no more tasks');
    let job: Job;
    try {
      job = new Job(target, args, options, completion);
    } catch (error) {
      completion.reject(error as Error);
      return null;
    }
    this.#pending.push(job);
    this.#dispatch();
    return job;
  }

  /** A job was given up: a worker that has it as its current one ends. */
  killAbandoned(): void {
    for (const worker of this.running) worker.killIfAbandoned();
  }

  close(): void {
    if (this.#state === 'open') this.#state = 'closed';
    this.#finishIfDone();
  }

  async join(): Promise<void> {
    if (this.#state === 'open') throw new MisuseError('join a pool after close or terminate');
    if (this.running.length > 0) await new Promise<void>((resolve) => this.#joiners.push(resolve));
  }

  async terminate(): Promise<void> {
    this.#state = 'terminated';
    const error = new PoolClosed('the pool was terminated');
    for (const job of this.#pending.drain()) job.reject(error);
    for (const worker of this.running) worker.terminate(error);
    await this.join();
  }

  /** So many jobs will come: as many workers may start meanwhile. */
  expect(jobs: number): void {
    this.#expected = jobs;
    this.#startExpected();
  }

  #startExpected(): void {
    if (this.#state !== 'open') return;
    const { running } = this;
    let starting = running.filter(({ ready }) => !ready).length;
    for (let count = running.length; count < this.#expected && starting < this.#startsAtOnce; count++, starting++)
      if (!this.#startNext()) return;
  }

  /** Gives out waiting jobs: to idle workers, and when all that can be started are up, ahead to the least busy one. */
  #dispatch(): void {
    for (let job = this.#pending.peek(); job !== undefined; job = this.#pending.peek()) {
      const worker = job.ended ? null : this.#pick(job);
      if (worker === null && !job.ended) return;
      this.#pending.shift();
      worker?.give(job);
    }
    if (this.#slots.some((worker) => worker?.waitsForSetup) && this.#slots.some((worker) => worker?.isIdle)) {
      for (const worker of this.#slots) worker?.takeBackFromSetup();
    }
  }

  /**
   * The least busy worker that may be given a job; null when the job has to wait. A worker gets nothing before it has booted:
   * its start may hang, and what was sent cannot be taken back.
   */
  #pick(job: Job): PoolWorker | null {
    let best: PoolWorker | null = null;
    let starting = 0;
    for (const worker of this.#slots.slice(0, this.#size)) {
      if (worker?.ready === false && worker.load === 0) starting++;
      if (worker?.booted === false) continue;
      if (worker?.accepts(job) && (best === null || isBetter(worker, best))) best = worker;
    }
    if (best?.load === 0) return best;
    const wanted = Math.min(this.#pending.length, this.#startsAtOnce);
    while (starting < wanted && this.#startNext()) starting++;
    return starting === 0 ? best : null;
  }

  /** Starts as many as there always are. */
  #fill(): void {
    if (this.#state !== 'open') return;
    let missing = this.#least - this.running.length;
    while (missing-- > 0 && this.#startNext());
  }

  /** Starts one more; false when there is no place for it, or none comes up. */
  #startNext(): boolean {
    const index = this.#slots.indexOf(null);
    if (index < 0 || index >= this.#size || this.#startupFailures >= STARTUP_ATTEMPTS) return false;
    this.#start(index, null);
    return true;
  }

  #start(index: number, prestarted: PrestartedWorker | null): void {
    this.#slots[index] = new PoolWorker(index, this.#options, prestarted, this.#listener);
  }

  readonly #listener: WorkerListener = {
    workerReady: () => {
      this.#startupFailures = 0;
      this.#startExpected();
    },
    workerFree: () => {
      this.#dispatch();
      this.#finishIfDone();
    },
    workerReturned: (unbegun) => {
      for (const job of unbegun.reverse()) this.#pending.unshift(job);
    },
    workerIdle: (worker) => {
      if (this.running.filter(({ finishing }) => !finishing).length > this.#least) worker.finish();
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

  /** When no worker comes up and none is left, what waits cannot be done. A later job may try again. */
  #giveUpIfHopeless(): void {
    if (this.running.length > 0 || this.#startupFailures < STARTUP_ATTEMPTS || this.#lastStartupLoss === null) return;
    for (const job of this.#pending.drain()) job.reject(this.#lastStartupLoss);
    this.#startupFailures = 0;
  }

  /** After `close`, with nothing left to give out: every worker may go. */
  #finishIfDone(): void {
    if (this.#state === 'open' || this.#pending.length > 0) return;
    const { running } = this;
    for (const worker of running) worker.finish();
    if (running.length === 0) for (const resolve of this.#joiners.splice(0)) resolve();
  }
}

/** Whether a job is done earlier by the one: setup may take any time. */
function isBetter(worker: PoolWorker, other: PoolWorker): boolean {
  return worker.load < other.load || (worker.load === other.load && worker.ready && !other.ready);
}
