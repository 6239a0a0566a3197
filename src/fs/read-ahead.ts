import fs from 'node:fs';
import { promisify } from 'node:util';
import { isAscii, join, type RawPath, toBytes } from '../api/names.ts';
import type { Handle, Stat, TypeLetter } from './file-system.ts';
import * as flags from './flags.ts';
import { NodeStat } from './node-stat.ts';
import { pathOf } from './proc-path.ts';
import { codeOf, fromNode, SystemError } from './system-error.ts';

/** A directory that was read without blocking. Whoever takes it closes the handle, through which it cannot be listed again. */
export interface DirectoryRead {
  handle: Handle;
  names: RawPath[];
  types: TypeLetter[];
  /** As it was before it was read. */
  before: Stat;
  /** Bytes of each regular file where they were asked for; null where they could not be read. */
  sizes: (number | null)[] | null;
}

export interface ReadAheadOptions {
  /** Links are followed, on the way and for sizes. */
  follow: boolean;
  sizes: boolean;
}

/** Calls at once for the sizes of one directory. */
const SIZES_AT_ONCE = 4;

const open = promisify(fs.open);
const lstat = promisify(fs.lstat);
const stat = promisify(fs.stat);
const fstat = promisify(fs.fstat) as (fd: number, options: { bigint: true }) => Promise<fs.BigIntStats>;

/** Reads a directory below an open one in threads of libuv's pool, on Linux. Rejects with SystemError. */
export async function readAhead(
  root: Handle,
  path: RawPath,
  { follow, sizes }: ReadAheadOptions,
  list: (handle: Handle, entry: (name: RawPath, type: TypeLetter) => void) => Promise<void>,
): Promise<DirectoryRead> {
  try {
    const handle = await openBelow(root, path, follow);
    try {
      const before = new NodeStat(await fstat(handle, { bigint: true }));
      const read: DirectoryRead = { handle, names: [], types: [], before, sizes: null };
      await list(handle, (name, type) => {
        read.names.push(name);
        read.types.push(type);
      });
      if (sizes) read.sizes = await sizesOf(read, follow);
      return read;
    } catch (error) {
      fs.closeSync(handle);
      throw error;
    }
  } catch (error) {
    throw fromNode(error);
  }
}

async function openBelow(root: Handle, path: RawPath, follow: boolean): Promise<Handle> {
  const way = wire(join(pathOf(root), path === '' ? '.' : path));
  const how = flags.O_RDONLY | flags.O_DIRECTORY | (follow ? 0 : flags.O_NOFOLLOW);
  const handle = await open(way, how | flags.O_NOATIME).catch((error: unknown) => {
    // O_NOATIME is for the owner and for CAP_FOWNER.
    if (codeOf(fromNode(error)) !== 'EPERM') throw error;
    return open(way, how);
  });
  // In the middle of a path the kernel follows links; where it has come to tells whether it met one.
  if (follow || placeOf(handle) === join(placeOf(root), path)) return handle;
  fs.closeSync(handle);
  throw new SystemError('ELOOP', 'open');
}

function placeOf(handle: Handle): RawPath {
  return fs.readlinkSync(pathOf(handle), 'latin1');
}

async function sizesOf({ handle, names, types }: DirectoryRead, follow: boolean): Promise<(number | null)[]> {
  const sizes: (number | null)[] = names.map(() => null);
  const files = names.keys();
  const one = async (): Promise<void> => {
    for (const index of files) {
      if (types[index] !== 'f' && !(follow && types[index] === 'l')) continue;
      const way = wire(join(pathOf(handle), names[index] ?? ''));
      sizes[index] = await (follow ? stat : lstat)(way).then(({ size }) => size, nothing);
    }
  };
  await Promise.all(Array.from({ length: SIZES_AT_ONCE }, one));
  return sizes;
}

// The worker that opens it will say what is wrong.
const nothing = (): null => null;

function wire(path: RawPath): string | Buffer {
  return isAscii(path) ? path : toBytes(path);
}
