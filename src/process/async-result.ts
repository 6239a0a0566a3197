import { checkNames, shown, type WaitOptions, waitOf } from './arguments.ts';
import { MisuseError, WaitTimeout } from './errors.ts';
import { LONGEST_TIMER } from './waiters.ts';

/** What will come of a task. */
export interface AsyncResult<T> {
  /** The result, or the task's error. Rejects with WaitTimeout after `timeout`; the task goes on. */
  get(options?: WaitOptions): Promise<T>;
  /** Waits until the task ended, well or not; false when `timeout` was not enough. */
  wait(options?: WaitOptions): Promise<boolean>;
  /** Whether the task has ended. */
  ready(): boolean;
  /** Whether it ended without an error. Throws MisuseError before it has ended. */
  successful(): boolean;
}

/** What happens in the parent when the task ended. An error they throw is an uncaught one. */
export interface Callbacks<T> {
  callback?: ((result: T) => void) | undefined;
  errorCallback?: ((error: Error) => void) | undefined;
}

/** Throws TypeError for what cannot be called. */
export function checkCallbacks(callbacks: unknown): void {
  checkNames(callbacks, ['callback', 'errorCallback']);
  for (const [name, value] of Object.entries(callbacks as object)) {
    if (value !== undefined && typeof value !== 'function') {
      throw new TypeError(`${name} must be a function, not ${shown(value)}`);
    }
  }
}

/** The pool's side of an AsyncResult: somebody settles it, once. */
export class Outcome<T> implements AsyncResult<T> {
  readonly #callbacks: Callbacks<T>;
  readonly #promise: Promise<T>;
  #resolve: (value: T) => void = () => {};
  #reject: (error: Error) => void = () => {};
  #state: 'pending' | 'done' | 'failed' = 'pending';

  constructor(callbacks: Callbacks<T>) {
    this.#callbacks = callbacks;
    this.#promise = new Promise<T>((resolve, reject) => {
      this.#resolve = resolve;
      this.#reject = reject;
    });
    // Nobody has to look at a result; the error waits for whoever does.
    this.#promise.catch(() => {});
  }

  resolve(value: T): void {
    this.#state = 'done';
    this.#resolve(value);
    callBack(this.#callbacks.callback, value);
  }

  reject(error: Error): void {
    this.#state = 'failed';
    this.#reject(error);
    callBack(this.#callbacks.errorCallback, error);
  }

  async get(options?: WaitOptions): Promise<T> {
    return within(this.#promise, waitOf(options));
  }

  async wait(options?: WaitOptions): Promise<boolean> {
    const wait = waitOf(options);
    try {
      await within(this.#promise, wait);
    } catch {
      // Whether it ended is all that was asked.
    }
    return this.ready();
  }

  ready(): boolean {
    return this.#state !== 'pending';
  }

  successful(): boolean {
    if (this.#state === 'pending') throw new MisuseError('the task has not ended yet');
    return this.#state === 'done';
  }
}

/** A callback's error must not end the dispatching that called it. */
function callBack<T>(callback: ((value: T) => void) | undefined, value: T): void {
  if (callback === undefined) return;
  try {
    callback(value);
  } catch (error) {
    queueMicrotask(() => {
      throw error;
    });
  }
}

/** The promise, or WaitTimeout after that many milliseconds; null waits for ever. The timer ends with the promise. */
export function within<T>(promise: Promise<T>, timeout: number | null): Promise<T> {
  if (timeout === null || timeout > LONGEST_TIMER) return promise;
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => reject(new WaitTimeout(`not within ${timeout} ms`)), timeout);
    promise.then(resolve, reject).finally(() => clearTimeout(timer));
  });
}
