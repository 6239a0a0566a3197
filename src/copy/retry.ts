import { CopyError } from '../errors.ts';
import type { Context } from './context.ts';
import { sleep } from './pace.ts';

// Failures that pass by themselves. EIO is one on a network file system only; a disk that says EIO once is not asked again.
const TRANSIENT = new Set(['EINTR', 'EAGAIN', 'EBUSY', 'ESTALE', 'EMFILE', 'ENFILE']);
const FIRST_PAUSE = 20;

/** Does the step, and again after a pause that doubles, while it fails for a reason that passes. */
export function withRetries<T>(context: Context, step: () => T): T {
  for (let attempt = 0; ; attempt++) {
    try {
      return step();
    } catch (error) {
      if (attempt >= context.config.retries || !isTransient(error)) throw error;
      sleep(FIRST_PAUSE * 2 ** attempt);
    }
  }
}

function isTransient(error: unknown): boolean {
  return error instanceof CopyError && TRANSIENT.has(error.failure.code);
}
