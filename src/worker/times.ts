import type { Handle, Stat } from '../fs/file-system.ts';
import { type Context, lose } from './context.ts';

/** Sets both times, and counts an entry whose times the driver or the file system cuts or clamps. */
export function setAndCheckTimes(context: Context, destination: Handle, stat: Stat): void {
  context.fs.setTimes(destination, stat);
  if (!areKept(context, destination, stat)) lose(context, 'exact times');
}

type Modified = Pick<Stat, 'mtime' | 'mtimeNs'>;

/** Nanoseconds that file systems and drivers cut to: NTFS 100, node:fs 1,000, exFAT 10 ms, ext3 a second. */
const UNITS = [100, 1000, 1_000_000, 10_000_000, 1_000_000_000];

/**
 * Whether two modification times are the same as far as both sides can tell: a side whose nanoseconds end in zeros may be
 * one that cannot hold more.
 */
export function sameTime(a: Modified, b: Modified): boolean {
  if (a.mtime !== b.mtime) return false;
  if (a.mtimeNs === b.mtimeNs || isFromNode(a, b) || isFromNode(b, a)) return true;
  return UNITS.some((unit) => {
    const isCoarse = a.mtimeNs % unit === 0 || b.mtimeNs % unit === 0;
    return isCoarse && Math.floor(a.mtimeNs / unit) === Math.floor(b.mtimeNs / unit);
  });
}

/**
 * Whether the second time is the first as node:fs writes it from Node 24 on: the node driver asks for the middle of a
 * microsecond, and what the nearest double is, to the nanosecond, is kept.
 */
function isFromNode({ mtime, mtimeNs }: Modified, written: Modified): boolean {
  const middle = (mtime * 1e6 + Math.floor(mtimeNs / 1000) + 0.5) / 1e6;
  return written.mtimeNs === Math.trunc((middle - Math.trunc(middle)) * 1e9);
}

/** Whether the second time may be the first as FAT holds it. */
export function isCutToEvenSecond(time: Modified, cut: Modified): boolean {
  return cut.mtimeNs === 0 && cut.mtime % 2 === 0 && time.mtime === cut.mtime + 1;
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

/** The coarsest unit that a time is whole in, in nanoseconds. FAT cuts to two seconds, access times to a day. */
function unitOf(seconds: number, nanoseconds: number): number {
  if (nanoseconds === 0) return (seconds % 86_400 === 0 ? 86_400 : seconds % 2 === 0 ? 2 : 1) * 1e9;
  let unit = 1;
  while (nanoseconds % (10 * unit) === 0) unit *= 10;
  return unit;
}

function isCommon(seconds: number): boolean {
  return seconds >= 0 && seconds < 2 ** 31;
}
