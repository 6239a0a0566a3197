import type { RawPath } from '../api/names.ts';
import { attempt } from '../fs/entry-error.ts';
import { codeOf } from '../fs/system-error.ts';
import { type Context, lose } from './context.ts';

// The file system or our rights do not allow it: the entry is copied all the same, and the loss is counted.
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
 * Does a step of an entry's metadata, or counts that it is not allowed here: then false. Other failures are failures of the
 * entry.
 */
export function keep(context: Context, path: RawPath, kind: string, step: () => void): boolean {
  return attempt(path, 'destination', `set ${kind}`, () => {
    try {
      step();
      return true;
    } catch (error) {
      if (!REFUSALS.has(codeOf(error))) throw error;
      lose(context, kind);
      return false;
    }
  });
}
