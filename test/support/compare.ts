import { createHash } from 'node:crypto';
import { type BigIntStats, closeSync, lstatSync, openSync, readdirSync, readlinkSync, readSync } from 'node:fs';
import { expect } from 'vitest';
import { inside, type Raw } from './bytes.ts';

export interface Item {
  type: string;
  /** Twelve bits. */
  mode: number;
  atime: bigint;
  mtime: bigint;
  /** Of a directory: 0, because its size is the file system's own affair. */
  size: bigint;
  owner: string;
  device: bigint;
  /** The names in this tree that are the same file, when there are several. */
  links: Raw[];
  /** Of a symbolic link its target, of a file its hash. */
  content: string;
}

export interface CompareOptions {
  /** `us`: what remains of a time that went through microseconds in floating point. Default `ns`. */
  times?: 'ns' | 'us' | 'ignore';
  /** Which bits of the mode count. Default 0777. */
  mode?: number;
  owner?: boolean;
  /** Names of one file are the same file on the other side too. Default true. */
  hardlinks?: boolean;
}

/** Everything below (and at) the root, by path relative to it; the root itself is ''. */
export function survey(root: string): Map<Raw, Item> {
  const items = new Map<Raw, Item>();
  const names = new Map<bigint, Raw[]>();
  const visit = (path: Raw) => {
    const at = inside(root, path);
    const stat = lstatSync(at, { bigint: true });
    const links = names.get(stat.ino) ?? [];
    names.set(stat.ino, links);
    links.push(path);
    items.set(path, describe(at, stat, links));
    if (!stat.isDirectory()) return;
    for (const name of readdirSync(at, { encoding: 'latin1' }).sort()) visit(path === '' ? name : `${path}/${name}`);
  };
  visit('');
  return items;
}

function describe(at: Buffer, stat: BigIntStats, links: Raw[]): Item {
  return {
    type: typeOf(stat),
    mode: Number(stat.mode & 0o7777n),
    atime: stat.atimeNs,
    mtime: stat.mtimeNs,
    size: stat.isDirectory() ? 0n : stat.size,
    owner: `${stat.uid}:${stat.gid}`,
    device: stat.rdev,
    links,
    content: contentOf(at, stat),
  };
}

function typeOf(stat: BigIntStats): string {
  if (stat.isFile()) return 'file';
  if (stat.isDirectory()) return 'directory';
  if (stat.isSymbolicLink()) return 'symlink';
  if (stat.isFIFO()) return 'fifo';
  if (stat.isSocket()) return 'socket';
  return stat.isBlockDevice() ? 'block-device' : 'character-device';
}

function contentOf(at: Buffer, stat: BigIntStats): string {
  if (stat.isSymbolicLink()) return readlinkSync(at, { encoding: 'latin1' });
  return stat.isFile() ? hashFile(at) : '';
}

const buffer = Buffer.alloc(1 << 20);

/** sha256 in hex. */
export function hashFile(path: string | Buffer): string {
  const hash = createHash('sha256');
  const fd = openSync(path, 'r');
  try {
    for (;;) {
      const length = readSync(fd, buffer, 0, buffer.length, null);
      if (length === 0) return hash.digest('hex');
      hash.update(buffer.subarray(0, length));
    }
  } finally {
    closeSync(fd);
  }
}

/** One line for each difference, for a person; none means that the right tree is a copy of the left one. */
export function differences(left: string, right: string, options: CompareOptions = {}): string[] {
  const a = survey(left);
  const b = survey(right);
  const lines: string[] = [];
  for (const [path, item] of a) {
    const other = b.get(path);
    if (other === undefined) lines.push(`${show(path)}: missing`);
    else lines.push(...itemDifferences(item, other, options).map((what) => `${show(path)}: ${what}`));
  }
  for (const path of b.keys()) if (!a.has(path)) lines.push(`${show(path)}: not in the source`);
  return lines;
}

export function expectSame(left: string, right: string, options: CompareOptions = {}): void {
  expect(differences(left, right, options)).toEqual([]);
}

function itemDifferences(a: Item, b: Item, options: CompareOptions): string[] {
  if (a.type !== b.type) return [`is a ${b.type}, should be a ${a.type}`];
  const lines: string[] = [];
  const check = (what: string, left: unknown, right: unknown) => {
    if (left !== right) lines.push(`${what} ${right}, should be ${left}`);
  };
  const bits = a.type === 'symlink' ? 0 : (options.mode ?? 0o777);
  check('mode', (a.mode & bits).toString(8), (b.mode & bits).toString(8));
  check('size', a.size, b.size);
  check('content', a.content, b.content);
  check('device', a.device, b.device);
  if (options.owner) check('owner', a.owner, b.owner);
  if (options.hardlinks !== false && a.type !== 'directory') check('names', a.links.join(), b.links.join());
  if (!sameTime(a.mtime, b.mtime, options.times ?? 'ns')) lines.push(`mtime ${b.mtime}, should be ${a.mtime}`);
  return lines;
}

/** Seconds as a double hold every microsecond until 2106, and about two of them afterwards. */
export function sameTime(a: bigint, b: bigint, times: 'ns' | 'us' | 'ignore'): boolean {
  if (times === 'ignore') return true;
  const difference = a < b ? b - a : a - b;
  return difference <= (times === 'ns' ? 0n : a < 2n ** 32n * 1_000_000_000n ? 999n : 3000n);
}

function show(path: Raw): string {
  return path === '' ? '(top)' : JSON.stringify(path);
}
