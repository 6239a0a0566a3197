import type { BigIntStats, Dirent } from 'node:fs';
import type { Stat, TypeLetter } from './file-system.ts';
import { typeOfMode } from './statx.ts';

/** The type a directory listing told, or undefined when it did not. */
export function typeOfDirent(dirent: Dirent): TypeLetter | undefined {
  if (dirent.isFile()) return 'f';
  if (dirent.isDirectory()) return 'd';
  if (dirent.isSymbolicLink()) return 'l';
  if (dirent.isFIFO()) return 'p';
  if (dirent.isSocket()) return 's';
  if (dirent.isCharacterDevice()) return 'c';
  if (dirent.isBlockDevice()) return 'b';
  return undefined;
}

/** node:fs's stat in the words of ours. */
export class NodeStat implements Stat {
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
  readonly identity: string;
  readonly rdevMajor: number;
  readonly rdevMinor: number;

  constructor(stat: BigIntStats) {
    const mode = Number(stat.mode);
    this.type = typeOfMode(mode);
    this.mode = mode & 0o7777;
    this.uid = Number(stat.uid);
    this.gid = Number(stat.gid);
    this.nlink = Number(stat.nlink);
    this.size = Number(stat.size);
    this.blocks = Number(stat.blocks);
    [this.atime, this.atimeNs] = split(stat.atimeNs);
    [this.mtime, this.mtimeNs] = split(stat.mtimeNs);
    this.changedMs = Number(stat.ctimeNs) / 1e6;
    // The same words as the libc driver's, so that both sides of a run may differ in driver.
    const [major, minor] = devices(stat.dev);
    this.identity = `${major}:${minor}:${stat.ino >> 32n}:${stat.ino & 0xffffffffn}`;
    [this.rdevMajor, this.rdevMinor] = devices(stat.rdev);
  }
}

function split(ns: bigint): [seconds: number, ns: number] {
  const rest = ((ns % 1_000_000_000n) + 1_000_000_000n) % 1_000_000_000n;
  return [Number((ns - rest) / 1_000_000_000n), Number(rest)];
}

// glibc's gnu_dev_major and gnu_dev_minor.
function devices(dev: bigint): [major: number, minor: number] {
  const major = ((dev >> 8n) & 0xfffn) | ((dev >> 32n) & 0xfffff000n);
  const minor = (dev & 0xffn) | ((dev >> 12n) & 0xffffff00n);
  return [Number(major), Number(minor)];
}
