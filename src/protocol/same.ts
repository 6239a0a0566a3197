import type { Stat } from '../fs/file-system.ts';
import type { WorkerConfig } from './worker-config.ts';

// Decides which destination files stay: in the listing where names, sizes and times are enough, else in a worker.

/** Options for existing files. */
export type StayPolicy = Pick<WorkerConfig, 'ifExists' | 'update'>;

/** Whether the destination stores times in even seconds; called only where that would explain a difference. */
export type EvenSeconds = () => boolean;

/** Whether an existing entry stays when it equals the source. */
export function isForSame({ update, ifExists }: StayPolicy, there: Stat): boolean {
  return update && ifExists !== 'skip' && there.type !== 'd';
}

/** Whether --if-exists leaves an existing entry, whatever it is. */
export function isLeft({ ifExists }: StayPolicy, stat: Stat, there: Stat, even: EvenSeconds): boolean {
  if (there.type === 'd') return false;
  return ifExists === 'skip' || (ifExists === 'older' && !isOlder(stat, there, even));
}

/** Whether a regular file is the same for -u, by size and time. */
export function isSameFile(stat: Stat, there: Stat, even: EvenSeconds): boolean {
  return there.type === 'f' && there.size === stat.size && isSameTime(stat, there, even);
}

export function isSameTime(stat: Stat, there: Stat, even: EvenSeconds): boolean {
  return sameTime(stat, there) || (isCutToEvenSecond(stat, there) && even());
}

function isOlder(stat: Stat, there: Stat, even: EvenSeconds): boolean {
  const isEarlier = there.mtime < stat.mtime || (there.mtime === stat.mtime && there.mtimeNs < stat.mtimeNs);
  return isEarlier && !isSameTime(stat, there, even);
}

type Modified = Pick<Stat, 'mtime' | 'mtimeNs'>;
type Timed = Pick<Stat, 'mtime' | 'mtimeNs' | 'changedMs'>;

/** Nanoseconds that file systems and drivers truncate to: NTFS 100, node:fs 1,000, exFAT 10 ms, ext3 a second. */
const UNITS = [100, 1000, 1_000_000, 10_000_000, 1_000_000_000];
/** A driver may have truncated to these, wherever the file lies. */
const UNITS_OF_DRIVERS = 1000;

/**
 * Whether two modification times are equal at the coarser resolution of both sides: nanoseconds that end in zeros may come from
 * a side that stores no more, unless its time of change, which the file system itself sets, shows that it does.
 */
export function sameTime(a: Timed, b: Timed): boolean {
  if (a.mtime !== b.mtime) return false;
  if (a.mtimeNs === b.mtimeNs || isFromNode(a, b) || isFromNode(b, a)) return true;
  return UNITS.some((unit) => {
    const round = a.mtimeNs % unit === 0 ? a : b.mtimeNs % unit === 0 ? b : null;
    if (round === null || Math.floor(a.mtimeNs / unit) !== Math.floor(b.mtimeNs / unit)) return false;
    return unit <= UNITS_OF_DRIVERS || !holdsMicroseconds(round);
  });
}

// A time of change in milliseconds is exact to less than a microsecond. FAT kept it to 10 ms, beside 2 s of modification.
function holdsMicroseconds({ changedMs }: Timed): boolean {
  return Math.abs(changedMs - Math.round(changedMs)) > 0.001;
}

/**
 * Whether the second time is the first as node:fs writes it from Node 24 on: the node driver passes the middle of a
 * microsecond, and Node stores the nearest double to the nanosecond.
 */
function isFromNode({ mtime, mtimeNs }: Modified, written: Modified): boolean {
  const middle = (mtime * 1e6 + Math.floor(mtimeNs / 1000) + 0.5) / 1e6;
  return written.mtimeNs === Math.trunc((middle - Math.trunc(middle)) * 1e9);
}

/** Whether the second time may be the first as FAT stores it. */
export function isCutToEvenSecond(time: Modified, cut: Modified): boolean {
  return cut.mtimeNs === 0 && cut.mtime % 2 === 0 && time.mtime === cut.mtime + 1;
}
