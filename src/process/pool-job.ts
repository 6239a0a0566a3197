import type { Outcome } from './async-result.ts';
import { dropAll, pack } from './handles.ts';
import type { PackedParcel, Target } from './protocol.ts';
import { router } from './router.ts';

/** How a task is handed in. */
export interface JobOptions {
  /** Call the function once for each element of the only argument. */
  each: boolean;
  /** May be sent to a busy worker, as long as that one is quick. */
  ahead: boolean;
  /** Milliseconds it may take, once begun; null: any. */
  limit: number | null;
}

/** A task of a pool until it ends. */
export class Job {
  readonly target: Target;
  readonly options: JobOptions;
  /** Serialized when the task is handed in, once: a worker may die before it begins, and what is passed may be closed since. */
  readonly args: PackedParcel;
  readonly #outcome: Outcome<unknown>;

  /** Throws NotCloneable for the arguments. */
  constructor(target: Target, args: readonly unknown[], options: JobOptions, outcome: Outcome<unknown>) {
    this.target = target;
    this.options = options;
    this.args = pack(args, router.address);
    this.#outcome = outcome;
  }

  /** It has ended, or was given up. */
  get ended(): boolean {
    return this.#outcome.ready();
  }

  /** See `Outcome.onceEnded`. */
  onceEnded(listener: () => void): void {
    this.#outcome.onceEnded(listener);
  }

  /** The first of `resolve` and `reject` counts. */
  resolve(value: unknown): void {
    if (this.ended) return;
    dropAll(this.args.handles, router.address);
    this.#outcome.resolve(value);
  }

  reject(error: Error): void {
    if (this.ended) return;
    dropAll(this.args.handles, router.address);
    this.#outcome.reject(error);
  }
}
