import { statfsSync } from 'node:fs';
import { type RawPath, toBytes } from '../api/names.ts';

/** f_type on Linux (statfs(2)). */
const EXT = 0xef53;
const BTRFS = 0x9123683e;
const XFS = 0x58465342;
const BCACHEFS = 0xca451a4e;
const OCFS2 = 0x7461636f;
const TMPFS = 0x01021994;
const VFAT = 0x4d44;
const EXFAT = 0x2011bab0;

/** Store each file by itself in whole blocks of the size they tell. */
const PLAIN = new Set([EXT, TMPFS, VFAT, EXFAT]);
const CLONING = new Set([BTRFS, XFS, BCACHEFS, OCFS2]);

/** A mounted file system, as far as it tells. */
export interface Volume {
  /** Bytes that this process may still write. */
  free: number;
  used: number;
  freeInodes: number;
  usedInodes: number;
  /** Some make inodes as they need them and report none. */
  countsInodes: boolean;
  /** A file takes a multiple of this; 1 where that is not known. */
  unit: number;
  /** Files may be compressed or share blocks, so that what is used says little of what they hold. */
  packs: boolean;
  /** Files can share blocks (FICLONE). */
  clones: boolean;
  sameAs(other: Volume): boolean;
}

/** @returns null when the file system does not tell its size (some in user space do not), or cannot be asked */
export function volumeOf(path: RawPath): Volume | null {
  let s: ReturnType<typeof statfsSync>;
  try {
    s = statfsSync(toBytes(path));
  } catch {
    return null;
  }
  if (s.blocks <= 0) return null;
  const type = s.type >>> 0;
  // A superuser may use the blocks that ext holds back. Elsewhere bfree counts copies and reserves that nobody can use.
  const available = type === EXT && process.geteuid?.() === 0 ? s.bfree : s.bavail;
  const mark = `${type}:${s.blocks}:${s.bfree}:${s.files}:${s.ffree}`;
  const volume: Volume & { mark: string } = {
    free: available * s.bsize,
    used: (s.blocks - s.bfree) * s.bsize,
    freeInodes: s.ffree,
    usedInodes: s.files - s.ffree,
    countsInodes: s.files > 0,
    // What others call their block size may be what they like to transfer: 1 MiB on NFS.
    unit: PLAIN.has(type) || type === XFS ? s.bsize : 1,
    packs: !PLAIN.has(type),
    clones: CLONING.has(type),
    // Subvolumes of btrfs differ in device.
    sameAs: (other) => (other as Volume & { mark?: string }).mark === mark,
    mark,
  };
  return volume;
}
