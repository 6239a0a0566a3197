import { CopyError } from '../api/errors.ts';
import type { Context } from './context.ts';
import { sleep } from './heartbeat.ts';

// Failures that pass by themselves. EIO is one on a network file system only; a disk that says EIO once is not asked again.
const TRANSIENT = new Set(['EINTR', 'EAGAIN', 'EBUSY', 'ESTALE', 'EMFILE', 'ENFILE']);
const FIRST_PAUSE = 20;

/** Does the step, and again after a pause that doubles, while it fails for a reason that passes. */
export function withRetries<T>(context: Context, step: () => T): T {
  for (let attempt = 0; ; attempt++) {
    try {
      return step();
    } catch (error) {
      if (attempt >= context.config.retries || !isTransient(context, error)) throw error;
      sleep(FIRST_PAUSE * 2 ** attempt);
    }
  }
}

function isTransient(context: Context, error: unknown): boolean {
  if (!(error instanceof CopyError)) return false;
  const { code, side } = error.failure;
  return TRANSIENT.has(code) || (code === 'EIO' && liesOnNetwork(context, side));
}

function liesOnNetwork({ fs, config }: Context, side: 'source' | 'destination'): boolean {
  try {
    const root = fs.openRoot(config[side].path);
    const { network } = fs.space(root);
    fs.close(root);
    return network;
  } catch {
    return false;
  }
}
