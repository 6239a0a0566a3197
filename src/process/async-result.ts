import { checkNames, millisecondsOf, shown, type WaitOptions, waitOf } from './arguments.ts';
import { MisuseError, PoolClosed, WaitTimeout } from './errors.ts';
import { addUnobserved, observe } from './unobserved.ts';
import { LONGEST_TIMER } from './waiters.ts';

/** What will come of a task. It can be awaited as it is: `await pool.applyAsync(...)`. */
export interface AsyncResult<T> extends PromiseLike<T> {
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

/**
 * When a task is given up: it fails, and its worker is killed if it has begun. Another takes the worker's place. One that was
 * sent ahead to a busy worker may still be begun there.
 */
export interface TaskLimits {
  /** The task fails with the signal's reason. */
  signal?: AbortSignal | undefined;
  /** Milliseconds from when a worker begins; then the task fails with WaitTimeout. */
  timeout?: number | undefined;
}

export interface TaskOptions<T> extends Callbacks<T>, TaskLimits {}

/** Throws TypeError for what cannot be called or is no signal, and what `millisecondsOf` throws. */
export function checkTaskOptions(options: TaskOptions<never>): void {
  checkNames(options, ['callback', 'errorCallback', 'signal', 'timeout']);
  const { callback, errorCallback, signal, timeout } = options;
  millisecondsOf('timeout', timeout);
  if (signal !== undefined && !(signal instanceof AbortSignal)) {
    throw new TypeError(`signal must be an AbortSignal, not ${shown(signal)}`);
  }
  for (const [name, value] of Object.entries({ callback, errorCallback })) {
    if (value !== undefined && typeof value !== 'function') {
      throw new TypeError(`${name} must be a function, not ${shown(value)}`);
    }
  }
}

/** The pool's side of an AsyncResult: ended by the pool, once. */
export class Outcome<T> implements AsyncResult<T> {
  readonly #callbacks: Callbacks<T>;
  readonly #promise: Promise<T>;
  #resolve: (value: T) => void = () => {};
  #reject: (error: Error) => void = () => {};
  #state: 'pending' | 'done' | 'failed' = 'pending';
  #observed = false;

  constructor(callbacks: Callbacks<T>) {
    this.#callbacks = callbacks;
    this.#promise = new Promise<T>((resolve, reject) => {
      this.#resolve = resolve;
      this.#reject = reject;
    });
    // The error waits for whoever looks at it; one that nobody looks at is reported by `unobserved`.
    this.#promise.catch(() => {});
  }

  /** The first of `resolve` and `reject` counts. */
  resolve(value: T): void {
    if (this.#state !== 'pending') return;
    this.#state = 'done';
    this.#resolve(value);
    callBack(this.#callbacks.callback, value);
  }

  reject(error: Error): void {
    if (this.#state !== 'pending') return;
    this.#state = 'failed';
    // That the pool was terminated is no news to who did it.
    const isNews = !this.#observed && this.#callbacks.errorCallback === undefined && !(error instanceof PoolClosed);
    if (isNews) addUnobserved(this, 'a task of a pool', error);
    this.#reject(error);
    callBack(this.#callbacks.errorCallback, error);
  }

  async get(options?: WaitOptions): Promise<T> {
    this.#observe();
    return within(this.#promise, waitOf(options));
  }

  // biome-ignore lint/suspicious/noThenProperty: a result is awaited, as a promise is.
  then<R = T, S = never>(
    onResult?: ((value: T) => R | PromiseLike<R>) | null,
    onError?: ((error: unknown) => S | PromiseLike<S>) | null,
  ): Promise<R | S> {
    return this.get().then(onResult, onError);
  }

  /** Called once, when the task has ended either way. */
  onceEnded(listener: () => void): void {
    this.#promise.then(listener, listener);
  }

  async wait(options?: WaitOptions): Promise<boolean> {
    const wait = waitOf(options);
    this.#observe();
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
    this.#observe();
    return this.#state === 'done';
  }

  #observe(): void {
    this.#observed = true;
    observe(this);
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
