import { CopyError, RefusedError } from '../api/errors.ts';
import type { RawPath } from '../api/names.ts';
import { type FileSystem, withHandle } from './file-system.ts';
import { codeOf } from './system-error.ts';

/** Transient failures. */
const TRANSIENT = new Set(['EINTR', 'EAGAIN', 'EBUSY', 'ESTALE', 'EMFILE', 'ENFILE']);
/** Milliseconds. The pause doubles with each attempt up to the longest. */
const FIRST_PAUSE = 20;
const LONGEST_PAUSE = 1000;
/** Milliseconds between two checks for cancellation. */
const LOOK_EVERY = 50;

/** Decides which failures of a run are retried, and after which pause. */
export class Retries {
  private readonly fs: FileSystem;
  private readonly limit: number;
  private readonly roots: readonly RawPath[];

  /** @param roots the directories of the run: EIO is transient where one of them is on a network file system */
  constructor(fs: FileSystem, limit: number, roots: readonly RawPath[]) {
    this.fs = fs;
    this.limit = limit;
    this.roots = roots;
  }

  /**
   * Milliseconds to wait before the next attempt, or null when the failure is final.
   * @param attempt counted from 0
   */
  pauseAfter(error: unknown, attempt: number): number | null {
    if (attempt >= this.limit || !this.isTransient(error)) return null;
    return Math.min(FIRST_PAUSE * 2 ** attempt, LONGEST_PAUSE);
  }

  /** Runs the step until it succeeds or its failure is final; `wait` blocks the thread. */
  runSync<T>(step: () => T, wait: (ms: number) => void): T {
    try {
      return step();
    } catch (error) {
      return this.runAgain(step, wait, error);
    }
  }

  /** The same for a step that has failed once. */
  runAgain<T>(step: () => T, wait: (ms: number) => void, failure: unknown): T {
    let last = failure;
    for (let attempt = 0; ; attempt++) {
      const pause = this.pauseAfter(last, attempt);
      if (pause === null) throw last;
      wait(pause);
      try {
        return step();
      } catch (error) {
        last = error;
      }
    }
  }

  /** The same without blocking during the pauses, and with cancellation. */
  async run<T>(step: () => T, cancelled: () => boolean): Promise<T> {
    for (let attempt = 0; ; attempt++) {
      try {
        return step();
      } catch (error) {
        const pause = cancelled() ? null : this.pauseAfter(error, attempt);
        if (pause === null) throw error;
        await pauseUnless(cancelled, pause);
      }
    }
  }

  // EIO of a local disk is final.
  private isTransient(error: unknown): boolean {
    const code = error instanceof CopyError || error instanceof RefusedError ? error.code : codeOf(error);
    return TRANSIENT.has(code) || (code === 'EIO' && this.roots.some((path) => this.isOnNetwork(path)));
  }

  private isOnNetwork(path: RawPath): boolean {
    const { fs } = this;
    try {
      return withHandle(fs, fs.openRoot(path), (root) => fs.space(root).network);
    } catch {
      return false;
    }
  }
}

/** Waits until the time is over or `cancelled` returns true. */
export async function pauseUnless(cancelled: () => boolean, ms: number): Promise<void> {
  for (let left = ms; left > 0 && !cancelled(); left -= LOOK_EVERY) {
    await new Promise((resolve) => setTimeout(resolve, Math.min(left, LOOK_EVERY)));
  }
}
