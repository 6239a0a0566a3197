import { MISSING } from '../fs/dir-handle-cache.ts';
import { isUnfinished } from '../fs/directories.ts';
import type { Handle, Stat } from '../fs/file-system.ts';
import { hasDefaultAcl } from './attributes.ts';
import type { Context } from './context.ts';

/** What a destination directory means for what is made in it. */
export interface Into {
  /** What is made in it may start with access rights beyond its mode. */
  inheritsAcl: boolean;
  /** Nobody but us can look in until it is finished, whatever the modes of what it holds. */
  isPrivate: boolean;
  /** Of this worker's making: nothing was in it before the run. */
  isNew: boolean;
}

const ANYTHING: Into = { inheritsAcl: true, isPrivate: false, isNew: false };

/** Asks once for all entries of the directory in a job. */
export function lookInto(context: Context, dir: Handle): Into {
  const { fs, config, madeHere } = context;
  if (dir === MISSING) return ANYTHING;
  let stat: Stat;
  try {
    stat = fs.stat(dir);
  } catch {
    return ANYTHING;
  }
  const isOurs = stat.uid === process.geteuid?.();
  const isPrivate = isOurs && isUnfinished(stat.mode);
  // Removed by whoever owns its parent, a directory leaves its number to the next one.
  const made = isPrivate ? madeHere.get(stat.identity) : undefined;
  // Somebody else who owns it can give it a default ACL at any time.
  const inheritsAcl =
    fs.xattrs !== null &&
    made !== false &&
    (hasDefaultAcl(fs.xattrs, dir) || (config.merged && !isOurs && stat.uid !== 0));
  return { inheritsAcl, isPrivate, isNew: made !== undefined };
}
