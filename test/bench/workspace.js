// Where the trees and copies of one run live, and that nothing of them stays.
import { existsSync, mkdirSync, mkdtempSync, readdirSync, statfsSync } from 'node:fs';
import { join } from 'node:path';
import { tool } from './command.js';
import { availableMemory } from './memory.js';

const PREFIX = 'pcopy-bench-';
const TMPFS = 0x01021994;
const EXT = 0xef53;
// What the machine, and the programs measured, should still have.
const KEEP_FREE = 512 * 1024 * 1024;
const INODE = 1_300;
const PAGE = 4_096;

/** A row cannot be run here; the message says why. */
export class NotHere extends Error {}

/** A directory of its own under `dir`. */
export function makeWorkspace(dir) {
  mkdirSync(dir, { recursive: true });
  return mkdtempSync(join(dir, `${PREFIX}${process.pid}-`));
}

/** Removes a path with all below it. A started removal is not given up: it is what an interrupted run ends with. */
export async function remove(...paths) {
  await tool(['rm', '-rf', '--', ...paths]);
}

/** Workspaces under `dir` that a killed run has left there. */
export function leftovers(dir) {
  if (!existsSync(dir)) return [];
  const dead = (name) => name.startsWith(PREFIX) && !existsSync(`/proc/${name.slice(PREFIX.length).split('-')[0]}`);
  return readdirSync(dir)
    .filter(dead)
    .map((name) => join(dir, name));
}

/** Bytes that `files` files and `dirs` directories of together `bytes` bytes occupy, in whole pages and with inodes. */
export function footprint({ files, dirs, bytes }) {
  const inPages = Math.max(bytes, (files * PAGE) / 2) + (files * PAGE) / 2;
  return inPages + files * INODE + dirs * (PAGE + INODE);
}

/** Throws a NotHere when `dir` has less than `bytes` free. On tmpfs, free is what both it and the memory have. */
export function requireSpace(dir, bytes) {
  const free = freeSpace(dir);
  if (free >= bytes) return;
  throw new NotHere(`needs ${gigabytes(bytes)} in ${dir}, which has ${gigabytes(Math.max(0, free))} to spare`);
}

/**
 * Whether `dir` lies on ext2, 3 or 4. There a copy right after a removal takes up to ten times as long, since the inode
 * allocator passes over recently deleted inodes, so nothing may be removed between measurements.
 */
export function isExt(dir) {
  return statfsSync(dir).type === EXT;
}

/** Writes out what a command has left to be written: it must not be written during the next one. */
export async function flush(dir) {
  if (statfsSync(dir).type !== TMPFS) await tool(['sync', '-f', dir]);
}

/** Bytes that may be used in `dir`. */
export function freeSpace(dir) {
  const { type, bavail, bsize } = statfsSync(dir);
  const free = type === TMPFS ? Math.min(bavail * bsize, availableMemory()) : bavail * bsize;
  return free - KEEP_FREE;
}

export function gigabytes(bytes) {
  return `${(bytes / 2 ** 30).toFixed(1)} GiB`;
}
