import type { Stat, TypeLetter } from './file-system.ts';

/** sizeof(struct statx), the same on every processor (linux/stat.h). */
export const STATX_SIZE = 256;
/** STATX_BASIC_STATS */
export const STATX_MASK = 0x7ff;
/** Without STATX_ATIME, for which FUSE would send a request for what was just read; the access time is that from before. */
export const STATX_MASK_QUIET = STATX_MASK & ~0x20;

// A Map: the bundler misreads octal numbers as keys of an object literal.
const TYPES = new Map<number, TypeLetter>([
  [0o100000, 'f'],
  [0o040000, 'd'],
  [0o120000, 'l'],
  [0o010000, 'p'],
  [0o140000, 's'],
  [0o020000, 'c'],
  [0o060000, 'b'],
]);

/** The letter for the type bits of an `st_mode`. */
export function typeOfMode(mode: number): TypeLetter {
  return TYPES.get(mode & 0o170000) ?? '?';
}

/** Reads a struct statx; the words are the buffer seen as 32-bit little-endian numbers. */
export class StatxStat implements Stat {
  readonly type: TypeLetter;
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
  readonly nlink: number;
  readonly size: number;
  readonly blocks: number;
  readonly atime: number;
  readonly atimeNs: number;
  readonly mtime: number;
  readonly mtimeNs: number;
  readonly changedMs: number;
  readonly rdevMajor: number;
  readonly rdevMinor: number;
  private readonly devMajor: number;
  private readonly devMinor: number;
  private readonly inoLow: number;
  private readonly inoHigh: number;

  constructor(words: Uint32Array) {
    const at = (index: number): number => words[index] as number;
    const bits = at(7) & 0xffff;
    this.type = typeOfMode(bits);
    this.mode = bits & 0o7777;
    this.nlink = at(4);
    this.uid = at(5);
    this.gid = at(6);
    this.inoLow = at(8);
    this.inoHigh = at(9);
    this.size = at(10) + at(11) * 2 ** 32;
    this.blocks = at(12) + at(13) * 2 ** 32;
    this.atime = at(16) + (at(17) | 0) * 2 ** 32;
    this.atimeNs = at(18);
    this.changedMs = (at(24) + (at(25) | 0) * 2 ** 32) * 1000 + at(26) / 1e6;
    this.mtime = at(28) + (at(29) | 0) * 2 ** 32;
    this.mtimeNs = at(30);
    this.rdevMajor = at(32);
    this.rdevMinor = at(33);
    this.devMajor = at(34);
    this.devMinor = at(35);
  }

  get identity(): string {
    return `${this.devMajor}:${this.devMinor}:${this.inoHigh}:${this.inoLow}`;
  }
}

/** The coarsest unit that a time is a multiple of, in nanoseconds. FAT stores two seconds, and days for access times. */
export function unitOf(seconds: number, nanoseconds: number): number {
  if (nanoseconds === 0) return (seconds % 86_400 === 0 ? 86_400 : seconds % 2 === 0 ? 2 : 1) * 1e9;
  let unit = 1;
  while (nanoseconds % (10 * unit) === 0) unit *= 10;
  return unit;
}
