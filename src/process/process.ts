import { checkNames, type WaitOptions, waitOf } from './arguments.ts';
import { within } from './async-result.ts';
import { decodeError } from './error-codec.ts';
import { MisuseError, WaitTimeout } from './errors.ts';
import { Child } from './fork.ts';
import { dropAll, pack } from './handles.ts';
import { awaitChild, hold, release } from './keep-alive.ts';
import { type FromChild, NO_SETUP } from './protocol.ts';
import { router } from './router.ts';
import { type Ending, FORK_OPTIONS, type ForkOptions } from './spawn.ts';
import { checkCall, type Task } from './tasks.ts';
import { observe, reportSoon } from './unobserved.ts';

export interface ProcessOptions extends ForkOptions {
  /** Default: `Process-N`. */
  name?: string | undefined;
  /** The parent does not wait for it, and takes it along when it ends. Default: false. */
  daemon?: boolean | undefined;
}

const PROCESS_OPTIONS: readonly (keyof ProcessOptions)[] = ['name', 'daemon', ...FORK_OPTIONS];

let lastNumber = 0;

/** One function in a process of its own. */
export class Process<Args extends unknown[] = unknown[]> {
  readonly name: string;
  readonly daemon: boolean;
  readonly #target: Task<Args, unknown>;
  readonly #args: Args;
  readonly #options: ProcessOptions;
  #child: Child | null = null;
  #ending: Ending | null = null;
  #error: Error | null = null;
  /** Calls of `join` that will see the error. */
  #joining = 0;

  /** Nothing runs before `start`. */
  constructor(target: Task<Args, unknown>, args: NoInfer<Args>, options: ProcessOptions = {}) {
    checkCall(target, args);
    checkNames(options, PROCESS_OPTIONS);
    this.name = options.name ?? `Process-${++lastNumber}`;
    this.daemon = options.daemon ?? false;
    this.#target = target;
    this.#args = args;
    this.#options = options;
  }

  /** Undefined before `start`, and when it could not be started. */
  get pid(): number | undefined {
    return this.#child?.pid;
  }

  /** Null while it runs, and when a signal ended it. 1 when the function threw. */
  get exitCode(): number | null {
    observe(this);
    return this.#ending?.exitCode ?? null;
  }

  /** The signal that ended it, or null. */
  get signal(): NodeJS.Signals | null {
    return this.#ending?.signal ?? null;
  }

  /** What the function threw, once it ended; or why it could not be started. */
  get error(): Error | null {
    observe(this);
    return this.#error;
  }

  isAlive(): boolean {
    return this.#child !== null && this.#ending === null;
  }

  /** Starts it. Throws MisuseError the second time, NotCloneable for arguments that cannot cross. */
  start(): void {
    if (this.#child !== null) throw new MisuseError(`${this.name} was already started`);
    const child = new Child('process', this.#options, this.#receive);
    this.#child = child;
    child.daemon = this.daemon;
    if (!this.daemon) awaitChild(child.ended);
    child.ended.then((ending) => {
      this.#error ??= ending.cause ?? null;
      this.#ending = ending;
      if (this.#error !== null && this.#joining === 0) reportSoon(this, this.name, this.#error);
    });
    const { module, name } = this.#target;
    try {
      child.send({ type: 'setup', name: this.name, daemon: this.daemon, ...NO_SETUP });
      const { value: args, handles } = pack(this.#args, child.address);
      child.link.relay({ type: 'task', id: 1, module, name, args, each: false, handles });
      child.send({ type: 'finish' });
    } catch (error) {
      child.kill('SIGKILL');
      throw error;
    }
  }

  /**
   * Waits until it has ended: true; false when that took longer than `timeout`. Rejects with what the function
   * threw. Rejects with MisuseError before `start`. An error that is not joined, nor read as `error` or `exitCode`, is printed.
   */
  async join(options?: WaitOptions): Promise<boolean> {
    const wait = waitOf(options);
    if (this.#child === null) throw new MisuseError(`${this.name} was not started`);
    hold();
    this.#joining++;
    observe(this);
    try {
      await within(this.#child.ended, wait);
    } catch (error) {
      if (error instanceof WaitTimeout) return false;
      throw error;
    } finally {
      this.#joining--;
      release();
    }
    if (this.#error !== null) throw this.#error;
    return true;
  }

  /** Asks it to end: SIGTERM. */
  terminate(): void {
    this.#child?.kill('SIGTERM');
  }

  /** Ends it: SIGKILL. */
  kill(): void {
    this.#child?.kill('SIGKILL');
  }

  readonly #receive = (message: FromChild): void => {
    if ('error' in message) this.#error = decodeError(message.error);
    // Nobody asks for the result.
    else if (message.type === 'result') dropAll(message.handles, router.address);
  };
}
