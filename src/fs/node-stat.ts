import type { BigIntStats, Dirent } from 'node:fs';
import type { Stat, TypeLetter } from './file-system.ts';
import { typeOfMode } from './statx.ts';

/** The type from a directory listing; undefined when it is unknown. */
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

/** Converts the stat of `node:fs`. */
export function nodeStat(stat: BigIntStats): Stat {
  const mode = Number(stat.mode);
  const [atime, atimeNs] = split(stat.atimeNs);
  const [mtime, mtimeNs] = split(stat.mtimeNs);
  const [major, minor] = devices(stat.dev);
  const [rdevMajor, rdevMinor] = devices(stat.rdev);
  return {
    type: typeOfMode(mode),
    mode: mode & 0o7777,
    uid: Number(stat.uid),
    gid: Number(stat.gid),
    nlink: Number(stat.nlink),
    size: Number(stat.size),
    blocks: Number(stat.blocks),
    atime,
    atimeNs,
    mtime,
    mtimeNs,
    changedMs: Number(stat.ctimeNs) / 1e6,
    // In the form of the libc driver, so that identities of both can be compared.
    identity: `${major}:${minor}:${stat.ino >> 32n}:${stat.ino & 0xffffffffn}`,
    rdevMajor,
    rdevMinor,
  };
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
