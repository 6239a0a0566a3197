import { dropAll, pack } from './handles.ts';
import type { Ahead } from './pool-pace.ts';
import type { PackedParcel, Target } from './protocol.ts';
import { router } from './router.ts';

/** How a task is handed in. */
export interface JobOptions {
  /** Call the function once for each element of the only argument. */
  each: boolean;
  /** Whether it may be sent to a busy worker. */
  ahead: Ahead;
  /** Milliseconds it may take, once begun; null: any. */
  limit: number | null;
}

/** Who wants to know how a job ends. One of them is called, once. */
export interface Completion {
  resolve(value: unknown): void;
  reject(error: Error): void;
}

/** A task of a pool until it ends. */
export class Job {
  readonly target: Target;
  readonly options: JobOptions;
  /** Serialized when the task is handed in, once: a worker may die before it begins, and what is passed may be closed since. */
  readonly args: PackedParcel;
  readonly #completion: Completion;
  #ended = false;

  /** Throws NotCloneable for the arguments. */
  constructor(target: Target, args: readonly unknown[], options: JobOptions, completion: Completion) {
    this.target = target;
    this.options = options;
    this.args = pack(args, router.address);
    this.#completion = completion;
  }

  /** It has ended, or was given up. */
  get ended(): boolean {
    return this.#ended;
  }

  /** The first of `resolve` and `reject` counts. */
  resolve(value: unknown): void {
    if (this.#end()) this.#completion.resolve(value);
  }

  reject(error: Error): void {
    if (this.#end()) this.#completion.reject(error);
  }

  #end(): boolean {
    if (this.#ended) return false;
    this.#ended = true;
    dropAll(this.args.handles, router.address);
    return true;
  }
}
