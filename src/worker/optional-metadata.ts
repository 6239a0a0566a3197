import type { RawPath } from '../api/names.ts';
import { toCopyError } from '../fs/entry-error.ts';
import { codeOf } from '../fs/system-error.ts';
import { type Context, lose } from './context.ts';

// Not supported or not permitted: the entry is copied anyway, and the loss is counted.
const REFUSALS = new Set([
  'EPERM',
  'EACCES',
  'ENOTSUP',
  'EOPNOTSUPP',
  'EINVAL',
  'ENOSYS',
  'ENODATA',
  'ERANGE',
  'E2BIG',
]);

/**
 * Runs a step of an entry's metadata; returns false and counts the loss when it is not supported or not permitted. Other errors
 * are failures of the entry.
 */
export function keep(context: Context, path: RawPath, kind: string, step: () => void): boolean {
  try {
    step();
    return true;
  } catch (error) {
    loseOrThrow(context, path, kind, error);
    return false;
  }
}

/** What `keep` does after an error. */
export function loseOrThrow(context: Context, path: RawPath, kind: string, error: unknown): void {
  if (!REFUSALS.has(codeOf(error))) throw toCopyError(error, path, 'destination', `set ${kind}`);
  lose(context, kind);
}
