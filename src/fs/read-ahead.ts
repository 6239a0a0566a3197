import fs from 'node:fs';
import { promisify } from 'node:util';
import { isAscii, join, type RawPath, toBytes } from '../api/names.ts';
import type { Handle, Stat, TypeLetter } from './file-system.ts';
import * as flags from './flags.ts';
import { nodeStat } from './node-stat.ts';
import { pathOf } from './proc-path.ts';
import { codeOf, fromNode, SystemError } from './system-error.ts';

/** A directory that was read without blocking. Whoever takes it closes the handle, through which it cannot be listed again. */
export interface DirectoryRead {
  handle: Handle;
  names: RawPath[];
  types: TypeLetter[];
  /** As it was before it was read, and, where that was asked for, after it. */
  before: Stat;
  after: Stat | null;
  /** Bytes of each regular file where they were asked for; null where they could not be read. */
  sizes: (number | null)[] | null;
}

export interface ReadAheadOptions {
  /** Links are followed, on the way and for sizes. */
  follow: boolean;
  sizes: boolean;
  /** It is looked at once more when it is read. */
  after: boolean;
}

/** Calls at once for the sizes of one directory. */
const SIZES_AT_ONCE = 4;

/** An entry that was looked up without blocking. */
export interface Looked {
  stat: Stat;
  /** Of a symbolic link: what it holds. */
  target: RawPath | null;
}

const open = promisify(fs.open);
const readlink = promisify(fs.readlink) as (path: string | Buffer, encoding: 'latin1') => Promise<string>;
const lstat = promisify(fs.lstat);
const lstatExact = promisify(fs.lstat) as (path: string | Buffer, options: { bigint: true }) => Promise<fs.BigIntStats>;
const stat = promisify(fs.stat);
const fstat = promisify(fs.fstat) as (fd: number, options: { bigint: true }) => Promise<fs.BigIntStats>;

/** Reads a directory below an open one in threads of libuv's pool, on Linux. Rejects with SystemError. */
export async function readAhead(
  root: Handle,
  path: RawPath,
  { follow, sizes, after }: ReadAheadOptions,
  list: (handle: Handle, entry: (name: RawPath, type: TypeLetter) => void) => Promise<void>,
): Promise<DirectoryRead> {
  try {
    const handle = await openQuietlyBelow(root, path, follow);
    try {
      const before = nodeStat(await fstat(handle, { bigint: true }));
      const read: DirectoryRead = { handle, names: [], types: [], before, after: null, sizes: null };
      await list(handle, (name, type) => {
        read.names.push(name);
        read.types.push(type);
      });
      if (after) read.after = nodeStat(await fstat(handle, { bigint: true }));
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

/** Holds a directory below an open one, links not followed, without opening it, on Linux. Rejects with SystemError. */
export async function holdAhead(root: Handle, path: RawPath): Promise<Handle> {
  try {
    return await openBelow(root, path, flags.O_PATH | flags.O_DIRECTORY | flags.O_NOFOLLOW);
  } catch (error) {
    throw fromNode(error);
  }
}

/** Resolves when the storage of a path answers. */
export async function reach(path: RawPath): Promise<void> {
  await stat(wire(path)).then(nothing, nothing);
}

let callsInFlight = 0;

/**
 * Keeps the end of the process from waiting for the call: Node joins the threads of its pool on the way out, for as long as
 * their calls take, which is forever where storage has stopped answering.
 * @param leave ends the process without them
 */
export function inPool<T>(call: Promise<T>, leave: (code: number) => void): Promise<T> {
  if (callsInFlight++ === 0) process.on('exit', leave);
  return call.finally(() => {
    if (--callsInFlight === 0) process.off('exit', leave);
  });
}

/** Looks an entry of an open directory up, on Linux. Rejects with SystemError. */
export async function lookAhead(dir: Handle, name: RawPath): Promise<Looked> {
  try {
    const stat = nodeStat(await lstatExact(wire(join(pathOf(dir), name)), { bigint: true }));
    return { stat, target: stat.type === 'l' ? await readLinkAhead(dir, name) : null };
  } catch (error) {
    throw fromNode(error);
  }
}

/** Rejects with SystemError. */
export async function readLinkAhead(dir: Handle, name: RawPath): Promise<RawPath> {
  try {
    return await readlink(wire(join(pathOf(dir), name)), 'latin1');
  } catch (error) {
    throw fromNode(error);
  }
}

async function openQuietlyBelow(root: Handle, path: RawPath, follow: boolean): Promise<Handle> {
  const how = flags.O_RDONLY | flags.O_DIRECTORY | (follow ? 0 : flags.O_NOFOLLOW);
  return openBelow(root, path, how | flags.O_NOATIME).catch((error: unknown) => {
    // O_NOATIME is for the owner and for CAP_FOWNER.
    if (codeOf(fromNode(error)) !== 'EPERM') throw error;
    return openBelow(root, path, how);
  });
}

async function openBelow(root: Handle, path: RawPath, how: number): Promise<Handle> {
  const handle = await open(wire(join(pathOf(root), path === '' ? '.' : path)), how);
  // In the middle of a path the kernel follows links; where it has come to tells whether it met one.
  if ((how & flags.O_NOFOLLOW) === 0 || placeOf(handle) === join(placeOf(root), path)) return handle;
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
