import { decodeError } from './error-codec.ts';
import { type Loss, WaitTimeout, WorkerLost } from './errors.ts';
import { Child } from './fork.ts';
import { dropAll, handleTable, holdAll, open } from './handles.ts';
import type { Job } from './pool-job.ts';
import type { PoolOptions } from './pool-options.ts';
import { Pace } from './pool-pace.ts';
import type { PrestartedWorker } from './prestart.ts';
import type { FromChild, Parcel } from './protocol.ts';
import { router } from './router.ts';
import type { Ending } from './spawn.ts';
import { LONGEST_TIMER } from './waiters.ts';

/** Milliseconds. A machine at its limit of processes may leave node waiting for its own threads for ever. */
const START_TIMEOUT = 60_000;

/** What a pool wants to hear of its workers. */
export interface WorkerListener {
  workerReady(): void;
  /** It came up, or ended a task: it may have room for another. */
  workerFree(): void;
  /** It has not begun these. */
  workerReturned(unbegun: Job[]): void;
  /** It had nothing to do for `idleTimeout`. */
  workerIdle(worker: PoolWorker): void;
  /** It is dead. Its current job has failed; those it had not begun come back. */
  workerEnded(worker: PoolWorker, unbegun: Job[], startupLoss: WorkerLost | null): void;
}

/** One worker of a pool: what it was sent, in order. The first of them is the current one. */
export class PoolWorker {
  readonly index: number;
  readonly child: Child;
  /** By number, in order. The first is the current one. */
  readonly #sent = new Map<number, Job>();
  readonly #listener: WorkerListener;
  /** Tasks it may still be given before it has to be replaced. */
  #left: number;
  #booted = false;
  #takenBack = false;
  #ready = false;
  #finishing = false;
  #lastId = 0;
  readonly #prefetch: number;
  readonly #pace = new Pace(() => {
    if (this.#sent.size > 1 && !this.#finishing) this.child.send({ type: 'giveBack' });
  });
  /** Whether the program has to wait for it. */
  #needed = true;
  #broken: Error | undefined;
  readonly #startTimer: NodeJS.Timeout;
  readonly #idleTimeout: number;
  #idleTimer: NodeJS.Timeout | undefined;
  /** Of the current job. */
  #limitTimer: NodeJS.Timeout | undefined;

  constructor(index: number, options: PoolOptions, prestarted: PrestartedWorker | null, listener: WorkerListener) {
    this.index = index;
    this.#listener = listener;
    this.#idleTimeout = options.idleTimeout ?? Number.POSITIVE_INFINITY;
    this.#prefetch = options.prefetch ?? 0;
    this.#left = options.maxTasksPerChild ?? Number.POSITIVE_INFINITY;
    this.child = prestarted?.adopt(this.#receive) ?? new Child('worker', options, this.#receive);
    const { initializer, initargs: args = [] } = options;
    const name = `Worker-${index + 1}`;
    try {
      this.child.send(
        { type: 'setup', name, index, daemon: true, initializer: initializer ?? null, args, handles: handleTable },
        args,
      );
    } catch (error) {
      // They could be sent when the pool was made: the end of a pipe among them was closed since.
      this.#breakOff(error as Error);
    }
    const limit = Math.min(options.startTimeout ?? START_TIMEOUT, LONGEST_TIMER);
    this.#startTimer = setTimeout(() => this.#breakOff(new Error(`node did not start within ${limit} ms`)), limit);
    this.#startTimer.unref();
    this.child.ended.then((ending) => this.#end(ending));
  }

  get pid(): number | undefined {
    return this.child.pid;
  }

  /** Jobs it has and has not ended. */
  get load(): number {
    return this.#sent.size;
  }

  get finishing(): boolean {
    return this.#finishing;
  }

  /** It runs: its first task may be sent, and waits for the end of its setup there. */
  get booted(): boolean {
    return this.#booted;
  }

  get isIdle(): boolean {
    return this.#ready && !this.#finishing && this.#sent.size === 0;
  }

  /** It has a task that can be taken back: the setup is not over. */
  get waitsForSetup(): boolean {
    return !this.#ready && !this.#takenBack && this.#sent.size > 0;
  }

  /** Once: a task that it gets again has no other worker. */
  takeBackFromSetup(): void {
    if (!this.waitsForSetup) return;
    this.#takenBack = true;
    this.child.send({ type: 'giveBack' });
  }

  get ready(): boolean {
    return this.#ready;
  }

  /** Jobs that a worker of this pace should have. */
  get appetite(): number {
    return 2 + this.#pace.ahead('paced');
  }

  accepts(job: Job): boolean {
    if (!this.child.alive || this.#finishing || this.#left === 0) return false;
    // What a task may take does not include the setup.
    if (!this.#ready) return this.#sent.size === 0 && job.options.limit === null;
    // One that will be replaced after some tasks gets none that another one may have to do.
    const which = this.#left === Number.POSITIVE_INFINITY ? job.options.ahead : 'none';
    return this.#sent.size <= Math.max(this.#prefetch, this.#pace.ahead(which));
  }

  give(job: Job): void {
    const { module, name } = job.target;
    const { value: args, handles } = job.args;
    const { each } = job.options;
    holdAll(handles, this.child.address);
    const message = { type: 'task' as const, id: ++this.#lastId, module, name, args, each, handles };
    if (this.#sent.size === 0) this.child.link.relay(message);
    else this.child.link.relaySoon(message);
    this.#sent.set(message.id, job);
    if (this.#sent.size === 1) {
      this.#begun();
      this.#pace.began();
    } else if (this.#sent.size === 2 && job.options.ahead !== 'none') {
      this.#pace.watch();
    }
    this.#keepAlive();
    // It exits after its last task, and the next one finds the slot empty.
    if (--this.#left === 0) this.finish();
  }

  finish(): void {
    if (this.#finishing) return;
    this.#finishing = true;
    this.#keepAlive();
    this.child.send({ type: 'finish' });
  }

  /** Kills it; what it has fails with this error. */
  terminate(error: Error): void {
    for (const job of this.#takeAll()) job.reject(error);
    this.#finishing = true;
    this.#keepAlive();
    this.child.kill('SIGKILL');
  }

  /** Kills it when the current job has been given up. What it had not begun goes to others. */
  killIfAbandoned(): void {
    // One in its setup has not begun it, and has not failed.
    if (!this.#ready || this.#current?.ended !== true) return;
    this.#finishing = true;
    this.child.kill('SIGKILL');
  }

  #begun(): void {
    clearTimeout(this.#limitTimer);
    this.killIfAbandoned();
    const job = this.#current;
    const limit = job?.options.limit ?? null;
    if (job === undefined || limit === null || limit > LONGEST_TIMER) return;
    this.#limitTimer = setTimeout(() => {
      job.reject(new WaitTimeout(`the task took longer than ${limit} ms`));
      this.killIfAbandoned();
    }, limit);
  }

  get #current(): Job | undefined {
    return this.#sent.values().next().value;
  }

  #take(id: number): Job | undefined {
    const job = this.#sent.get(id);
    this.#sent.delete(id);
    return job;
  }

  #takeAll(): Job[] {
    const jobs = [...this.#sent.values()];
    this.#sent.clear();
    return jobs;
  }

  #breakOff(cause: Error): void {
    this.#broken = cause;
    this.child.kill('SIGKILL');
  }

  readonly #receive = (message: FromChild): void => {
    switch (message.type) {
      case 'booted':
        clearTimeout(this.#startTimer);
        this.#booted = true;
        break;
      case 'ready':
        this.#ready = true;
        this.killIfAbandoned();
        this.#listener.workerReady();
        break;
      case 'broken':
        this.#broken = decodeError(message.error);
        return;
      case 'result':
        this.#pace.ended();
        complete(this.#take(message.id), message);
        this.#begun();
        break;
      case 'failure':
        this.#pace.ended();
        this.#take(message.id)?.reject(decodeError(message.error));
        this.#begun();
        break;
      case 'returned': {
        const current = this.#current;
        this.#listener.workerReturned(message.ids.flatMap((id) => this.#take(id) ?? []));
        // Its time limit is not to run on while it waits for another worker.
        if (this.#current !== current) this.#begun();
        break;
      }
      default:
        message satisfies never;
    }
    this.#keepAlive();
    this.#listener.workerFree();
  };

  /** A worker with nothing to do lets the program end; one that starts, has a task or is about to exit does not. */
  #keepAlive(): void {
    const needed = !this.#ready || this.#sent.size > 0 || this.#finishing;
    if (needed !== this.#needed) this.child.daemon = !needed;
    this.#needed = needed;
    clearTimeout(this.#idleTimer);
    if (needed || this.#idleTimeout > LONGEST_TIMER) return;
    this.#idleTimer = setTimeout(() => this.#listener.workerIdle(this), this.#idleTimeout).unref();
  }

  #end(ending: Ending): void {
    clearTimeout(this.#startTimer);
    this.#pace.stop();
    clearTimeout(this.#limitTimer);
    clearTimeout(this.#idleTimer);
    const unbegun = this.#takeAll();
    const lost = (started: boolean): WorkerLost => {
      const { exitCode, signal, note } = ending;
      const loss: Loss = { pid: this.pid, index: this.index, exitCode, signal, note, started };
      const cause = this.#broken ?? ending.cause;
      return new WorkerLost(loss, cause === undefined ? undefined : { cause });
    };
    if (this.#ready) unbegun.shift()?.reject(lost(true));
    this.#listener.workerEnded(this, unbegun, this.#ready ? null : lost(false));
  }
}

function complete(job: Job | undefined, result: Parcel): void {
  if (job === undefined || job.ended) {
    dropAll(result.handles, router.address);
    return;
  }
  let value: unknown;
  try {
    value = open(result);
  } catch (error) {
    job.reject(error as Error);
    return;
  }
  job.resolve(value);
}
