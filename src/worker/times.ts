import type { FileSystem, Handle, Stat } from '../fs/file-system.ts';
import { type Context, lose } from './context.ts';

// Set when the destination has given back a time to its last digit. It is then not asked again but about times that a 32-bit
// number of seconds does not hold, which file systems clamp.
let isExact = false;

/** Sets both times, and counts an entry whose times the driver or the file system cuts or clamps. */
export function setAndCheckTimes(context: Context, destination: Handle, stat: Stat): void {
  context.fs.setTimes(destination, stat);
  if (!areKept(context, destination, stat)) lose(context, 'exact times');
}

function areKept({ fs, hasMounts }: Context, destination: Handle, stat: Stat): boolean {
  if (stat.atimeNs % fs.timeUnit !== 0 || stat.mtimeNs % fs.timeUnit !== 0) return false;
  if (isExact && !hasMounts && isCommon(stat.atime) && isCommon(stat.mtime)) return true;
  const now = fs.stat(destination);
  const same = now.mtime === stat.mtime && now.mtimeNs === stat.mtimeNs && isSameAtime(now, stat);
  if (same && hasLastDigit(fs, stat)) isExact = true;
  return same;
}

function isSameAtime(now: Stat, stat: Stat): boolean {
  return now.atime === stat.atime && now.atimeNs === stat.atimeNs;
}

function hasLastDigit({ timeUnit }: FileSystem, { atimeNs, mtimeNs }: Stat): boolean {
  return atimeNs % (10 * timeUnit) !== 0 && mtimeNs % (10 * timeUnit) !== 0;
}

function isCommon(seconds: number): boolean {
  return seconds >= 0 && seconds < 2 ** 31;
}
