import { MISSING } from '../fs/dir-handle-cache.ts';
import { isUnfinished } from '../fs/directories.ts';
import type { Handle } from '../fs/file-system.ts';
import { orNull } from '../fs/system-error.ts';
import { hasDefaultAcl } from './attributes.ts';
import type { Context } from './context.ts';

/** Properties of a destination directory that matter for new entries in it. */
export interface Into {
  /** Whether new entries may inherit an ACL. Called when something is made. */
  inheritsAcl: () => boolean;
  /** Unfinished, so that nobody but us has access, whatever the modes of its entries. */
  isPrivate: boolean;
  /** Nothing was in it before the run. */
  isNew: boolean;
}

const ANYTHING: Into = { inheritsAcl: () => true, isPrivate: false, isNew: false };

/** Called once for all entries of the directory in a job. */
export function lookInto(context: Context, dir: Handle): Into {
  const { fs, config, madeHere } = context;
  if (dir === MISSING) return ANYTHING;
  const stat = orNull(() => fs.statKnown(dir));
  if (stat === null) return ANYTHING;
  const isOurs = stat.uid === process.geteuid?.();
  const isPrivate = isOurs && isUnfinished(stat.mode);
  // Everything in a tree that began empty is of this run. Otherwise a directory may have been removed and its inode number reused
  // by one that is not ours.
  const isTop = stat.identity === config.destination.identity;
  const made = config.beganEmpty && (isPrivate || isTop) ? false : isPrivate ? madeHere.get(stat.identity) : undefined;
  let answer: boolean | undefined;
  const ask = (): boolean =>
    fs.xattrs !== null &&
    made !== false &&
    // Another owner can give it a default ACL at any time.
    (hasDefaultAcl(fs.xattrs, dir) || (config.merged && !isOurs && stat.uid !== 0));
  const inheritsAcl = (): boolean => {
    answer ??= ask();
    return answer;
  };
  return { inheritsAcl, isPrivate, isNew: made !== undefined };
}
