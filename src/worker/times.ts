import type { Handle, Stat } from '../fs/file-system.ts';
import { unitOf } from '../fs/statx.ts';
import { type Context, lose } from './context.ts';

/** Sets both times, and counts a loss when the driver or the file system truncates or clamps them. */
export function setAndCheckTimes(context: Context, destination: Handle, stat: Stat): void {
  context.fs.setTimes(destination, stat);
  if (!areKept(context, destination, stat)) lose(context, 'exact times');
}

function areKept({ fs, hasMounts, learned }: Context, destination: Handle, stat: Stat): boolean {
  if (stat.atimeNs % fs.timeUnit !== 0 || stat.mtimeNs % fs.timeUnit !== 0) return false;
  const atime = unitOf(stat.atime, stat.atimeNs);
  const mtime = unitOf(stat.mtime, stat.mtimeNs);
  const { keptTo } = learned;
  const isKnown = atime >= keptTo.atime && mtime >= keptTo.mtime;
  if (isKnown && !hasMounts && isCommon(stat.atime) && isCommon(stat.mtime)) return true;
  const now = fs.stat(destination);
  const same = now.mtime === stat.mtime && now.mtimeNs === stat.mtimeNs && isSameAtime(now, stat);
  if (same) learned.keptTo = { atime: Math.min(atime, keptTo.atime), mtime: Math.min(mtime, keptTo.mtime) };
  return same;
}

function isSameAtime(now: Stat, stat: Stat): boolean {
  return now.atime === stat.atime && now.atimeNs === stat.atimeNs;
}

function isCommon(seconds: number): boolean {
  return seconds >= 0 && seconds < 2 ** 31;
}
