import { type StatsFs, statfsSync } from 'node:fs';
import type { Config } from '../api/config.ts';
import { RefusedError } from '../api/errors.ts';
import { destinationPath, type RawPath, toBytes } from '../api/names.ts';
import { DirHandleCache } from '../fs/dir-handle-cache.ts';
import type { FileSystem, Handle, Stat } from '../fs/file-system.ts';
import { orNull } from '../fs/system-error.ts';
import { parseTemporaryName } from '../fs/temporary-name.ts';
import type { EntriesOfDirectory } from '../protocol/jobs.ts';
import { isWithin, mayStopAnswering } from './mounts.ts';
import type { Surveyed } from './preflight.ts';
import type { Plan } from './prepare.ts';

/** f_type (statfs(2)) of file systems whose files never share blocks: ext2 to ext4, tmpfs, vfat, exfat. */
const NEVER_SHARES = new Set([0xef53, 0x01021994, 0x4d44, 0x2011bab0]);

/** Adds up what the copy needs and compares it with what is free. */
export interface SpaceCheck {
  add(group: EntriesOfDirectory, source: Surveyed): void;
  /** Throws RefusedError when it cannot fit. */
  finish(): void;
  close(): void;
}

/**
 * Counts the least that the copy can need: a copy that fits must not be refused, and one that turns out not to fit ends
 * cleanly when the destination is full.
 * @returns null when it fits without a listing, or when a file system does not report its size
 */
export function spaceCheck(fs: FileSystem, plans: readonly Plan[], config: Config): SpaceCheck | null {
  const [plan] = plans;
  const there = plan && volumeOf(plan.destination.path);
  const from = plans.map(({ source }) => volumeOf(source.path)).filter((volume) => volume !== null);
  if (!plan || !there || from.length < plans.length) return null;
  if (plans.length === 1 && from.every((here) => fitsAsAWhole(here, there, plan, config))) return null;
  // Each entry would be looked at in a call that blocks, for ever where the storage no longer answers.
  if (plans.some(({ mounts, source, destination }) => mayStopAnswering(mounts, [source.path, destination.path])))
    return null;
  // How many blocks will be shared or zero is known only after copying.
  const isBounded = config.sparse !== 'always' && !from.some((here) => mayShare(here, there, config));
  const root = fs.openRoot(plan.destination.path);
  const existing = plan.merged ? new DirHandleCache(fs, root) : null;
  const linked = new Set<string>();
  let bytes = 0;
  let inodes = 0;
  /** Size of the largest file that exists twice before it replaces the old one. */
  let beside = 0;
  const count = (stat: Stat, old: Stat | null): void => {
    if (old !== null && (stat.type === 'd' || old.type === 'd' || config.ifExists !== 'replace')) return;
    if (old !== null && config.atomic && !config.update) beside = Math.max(beside, allocated(stat, config));
    // Whether unchanged or replaced, it takes no more.
    if (old?.size === stat.size) return;
    if (stat.nlink > 1 && stat.type !== 'd') {
      if (linked.has(stat.identity)) return;
      linked.add(stat.identity);
    }
    bytes += allocated(stat, config) - (old === null ? 0 : allocated(old, config));
    if (old === null) inodes++;
  };
  const check = (what: string, needed: number, free: number, format: (n: number) => string): void => {
    if (needed <= free) return;
    const message = `not enough ${what}: ${format(needed)} are needed, ${format(free)} are free`;
    throw new RefusedError(plan.destination.path, message, 'ENOSPC');
  };
  let last: RawPath | null = null;
  return {
    // Failures are left for the run to report.
    add: ({ dir, names }, source) => {
      const parent = existing && orNull(() => existing.open(dir));
      if (config.partial && parent !== null && dir !== last) bytes -= orNull(() => keptIn(fs, parent)) ?? 0;
      last = dir;
      for (const name of names.split('/')) {
        const stat = orNull(() => source.stat(dir, name));
        const old = parent === null ? null : orNull(() => fs.statAt(parent, plan.single?.as ?? destinationPath(name)));
        if (stat !== null) count(stat, old);
      }
    },
    finish: () => {
      if (isBounded) check('space', Math.max(bytes, beside), freeBytes(there), inUnits);
      check('inodes', inodes, freeInodes(there), String);
    },
    close: () => {
      existing?.close();
      fs.close(root);
    },
  };
}

function allocated({ type, size, blocks }: Stat, { sparse }: Config): number {
  if (type !== 'f') return 0;
  return sparse === 'never' ? size : Math.min(size, blocks * 512);
}

// Bytes of files that an earlier run left to be resumed.
function keptIn(fs: FileSystem, dir: Handle): number {
  let bytes = 0;
  fs.list(dir, (name) => {
    if (parseTemporaryName(name)?.isPartial) bytes += (fs.statAt(dir, name)?.blocks ?? 0) * 512;
  });
  return bytes;
}

// Not with followed links, filled holes or other mounts, which may need more than the source's file system uses.
function fitsAsAWhole(here: StatsFs, there: StatsFs, plan: Plan, config: Config): boolean {
  if (config.dereference || config.sparse === 'never') return false;
  const used = (here.blocks - here.bfree) * here.bsize;
  if (used > freeBytes(there) || here.files - here.ffree > freeInodes(there)) return false;
  return !plan.mounts.some(({ point }) => point !== plan.source.path && isWithin(point, plan.source.path));
}

function mayShare(here: StatsFs, there: StatsFs, { reflink }: Config): boolean {
  if (reflink !== 'auto') return reflink === 'always';
  // Not by device, which differs between subvolumes of btrfs.
  const isSame = here.type === there.type && here.blocks === there.blocks && here.bfree === there.bfree;
  return isSame && !NEVER_SHARES.has(here.type >>> 0);
}

// The superuser may use reserved blocks.
function freeBytes({ bfree, bavail, bsize }: StatsFs): number {
  return (process.geteuid?.() === 0 ? bfree : bavail) * bsize;
}

// File systems that create inodes on demand report none.
function freeInodes({ files, ffree }: StatsFs): number {
  return files > 0 ? ffree : Number.POSITIVE_INFINITY;
}

function volumeOf(path: RawPath): StatsFs | null {
  const volume = orNull(() => statfsSync(toBytes(path)));
  return volume !== null && volume.blocks > 0 ? volume : null;
}

// To three digits.
function inUnits(bytes: number): string {
  const power = bytes < 1024 ? 0 : Math.min(Math.floor(Math.log2(bytes) / 10), 3);
  return `${Number((bytes / 1024 ** power).toPrecision(3))} ${['B', 'KiB', 'MiB', 'GiB'][power]}`;
}
