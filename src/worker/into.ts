import { MISSING } from '../fs/dir-handle-cache.ts';
import { isUnfinished } from '../fs/directories.ts';
import type { Handle } from '../fs/file-system.ts';
import { orNull } from '../fs/system-error.ts';
import { hasDefaultAcl } from './attributes.ts';
import type { Context } from './context.ts';

/** What a destination directory means for what is made in it. */
export interface Into {
  /** Whether what is made in it may start with access rights beyond its mode. Asked when something is made. */
  inheritsAcl: () => boolean;
  /** Nobody but us can look in until it is finished, whatever the modes of what it holds. */
  isPrivate: boolean;
  /** Of this worker's making: nothing was in it before the run. */
  isNew: boolean;
}

const ANYTHING: Into = { inheritsAcl: () => true, isPrivate: false, isNew: false };

/** Asks once for all entries of the directory in a job. */
export function lookInto(context: Context, dir: Handle): Into {
  const { fs, config, madeHere } = context;
  if (dir === MISSING) return ANYTHING;
  const stat = orNull(() => fs.stat(dir));
  if (stat === null) return ANYTHING;
  const isOurs = stat.uid === process.geteuid?.();
  const isPrivate = isOurs && isUnfinished(stat.mode);
  // All that is in a tree that began empty is of this run. Removed by whoever owns its parent, a directory leaves its number to
  // the next one, which is not ours.
  const made = !isPrivate ? undefined : config.beganEmpty ? false : madeHere.get(stat.identity);
  let answer: boolean | undefined;
  const ask = (): boolean =>
    fs.xattrs !== null &&
    made !== false &&
    // Somebody else who owns it can give it a default ACL at any time.
    (hasDefaultAcl(fs.xattrs, dir) || (config.merged && !isOurs && stat.uid !== 0));
  const inheritsAcl = (): boolean => {
    answer ??= ask();
    return answer;
  };
  return { inheritsAcl, isPrivate, isNew: made !== undefined };
}
