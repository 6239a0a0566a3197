import type { Handle, Stat } from '../fs/file-system.ts';
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

/** The coarsest unit that a time is a multiple of, in nanoseconds. FAT stores two seconds, and days for access times. */
function unitOf(seconds: number, nanoseconds: number): number {
  if (nanoseconds === 0) return (seconds % 86_400 === 0 ? 86_400 : seconds % 2 === 0 ? 2 : 1) * 1e9;
  let unit = 1;
  while (nanoseconds % (10 * unit) === 0) unit *= 10;
  return unit;
}

function isCommon(seconds: number): boolean {
  return seconds >= 0 && seconds < 2 ** 31;
}
