import type { Outcome } from './async-result.ts';
import { decodeError } from './error-wire.ts';
import { type Loss, WorkerLost } from './errors.ts';
import { Child, type Ending } from './fork.ts';
import { dropAll, manifest, open } from './handles.ts';
import type { PoolOptions } from './pool-options.ts';
import type { PrestartedWorker } from './prestart.ts';
import { router } from './router.ts';
import type { FromChild, Parcel, Target } from './wire.ts';

/** A task of a pool until it ends. */
export interface Job {
  id: number;
  target: Target;
  args: readonly unknown[];
  each: boolean;
  outcome: Outcome<unknown>;
}

/** Milliseconds. A machine at its limit of processes may leave node waiting for its own threads for ever. */
const START_TIMEOUT = 60_000;
const LONGEST_TIMER = 2 ** 31 - 1;

/** What a pool wants to hear of its workers. */
export interface WorkerListener {
  /** It came up. */
  workerReady(): void;
  /** It came up, or ended a task: it may have room for another. */
  workerFree(): void;
  /** It is dead. Its job in hand is settled; those it had not begun come back. */
  workerEnded(worker: PoolWorker, unbegun: Job[], startupLoss: WorkerLost | null): void;
}

/** One worker of a pool: what it was sent, in order. The first of them is the one in hand. */
export class PoolWorker {
  readonly index: number;
  readonly child: Child;
  readonly #sent: Job[] = [];
  readonly #listener: WorkerListener;
  /** Tasks it may still be given before it has to be replaced. */
  #left: number;
  #ready = false;
  #finishing = false;
  /** Whether the program has to wait for it. */
  #needed = true;
  #broken: Error | undefined;
  readonly #startTimer: NodeJS.Timeout;

  constructor(index: number, options: PoolOptions, prestarted: PrestartedWorker | null, listener: WorkerListener) {
    this.index = index;
    this.#listener = listener;
    this.#left = options.maxTasksPerChild ?? Number.POSITIVE_INFINITY;
    this.child = prestarted?.adopt(this.#receive) ?? new Child('worker', options, this.#receive);
    const { initializer, initargs: args = [] } = options;
    const name = `Worker-${index + 1}`;
    try {
      this.child.send(
        { type: 'setup', name, index, daemon: true, initializer: initializer ?? null, args, handles: manifest },
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
    return this.#sent.length;
  }

  get ready(): boolean {
    return this.#ready;
  }

  /** Whether it may be given a job, with that many already with it. */
  accepts(load: number): boolean {
    return this.child.alive && !this.#finishing && this.#left > 0 && this.#sent.length <= load;
  }

  /** Throws NotCloneable for the arguments, and then has not taken the job. */
  give(job: Job): void {
    const { module, name } = job.target;
    this.child.send(
      { type: 'task', id: job.id, module, name, args: job.args, each: job.each, handles: manifest },
      job.args,
    );
    this.#sent.push(job);
    this.#keepAlive();
    // It exits after its last task, and the next one finds the slot empty.
    if (--this.#left === 0) this.finish();
  }

  /** Lets it end what it has and exit. */
  finish(): void {
    if (this.#finishing) return;
    this.#finishing = true;
    this.#keepAlive();
    this.child.send({ type: 'finish' });
  }

  /** Kills it; what it has fails with this error. */
  terminate(error: Error): void {
    for (const job of this.#sent.splice(0)) job.outcome.reject(error);
    this.#finishing = true;
    this.#keepAlive();
    this.child.kill('SIGKILL');
  }

  #breakOff(cause: Error): void {
    this.#broken = cause;
    this.child.kill('SIGKILL');
  }

  readonly #receive = (message: FromChild): void => {
    switch (message.type) {
      case 'booted':
        clearTimeout(this.#startTimer);
        return;
      case 'ready':
        this.#ready = true;
        this.#listener.workerReady();
        break;
      case 'broken':
        this.#broken = decodeError(message.error);
        return;
      case 'result':
        settle(this.#sent.shift(), message);
        break;
      case 'failure':
        this.#sent.shift()?.outcome.reject(decodeError(message.error));
        break;
      default:
        message satisfies never;
    }
    this.#keepAlive();
    this.#listener.workerFree();
  };

  /** A worker with nothing to do lets the program end; one that starts, has a task or is about to exit does not. */
  #keepAlive(): void {
    const needed = !this.#ready || this.#sent.length > 0 || this.#finishing;
    if (needed !== this.#needed) this.child.daemon = !needed;
    this.#needed = needed;
  }

  #end(ending: Ending): void {
    clearTimeout(this.#startTimer);
    const unbegun = this.#sent.splice(0);
    const lost = (started: boolean): WorkerLost => {
      const { exitCode, signal, note } = ending;
      const loss: Loss = { pid: this.pid, index: this.index, exitCode, signal, note, started };
      const cause = this.#broken ?? ending.cause;
      return new WorkerLost(loss, cause === undefined ? undefined : { cause });
    };
    if (this.#ready) unbegun.shift()?.outcome.reject(lost(true));
    this.#listener.workerEnded(this, unbegun, this.#ready ? null : lost(false));
  }
}

function settle(job: Job | undefined, result: Parcel): void {
  if (job === undefined) {
    dropAll(result.handles, router.address);
    return;
  }
  let value: unknown;
  try {
    value = open(result);
  } catch (error) {
    job.outcome.reject(error as Error);
    return;
  }
  job.outcome.resolve(value);
}
