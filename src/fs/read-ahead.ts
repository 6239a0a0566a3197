import fs from 'node:fs';
import { promisify } from 'node:util';
import { join, type RawPath } from '../api/names.ts';
import type { Handle, Stat, TypeLetter } from './file-system.ts';
import * as flags from './flags.ts';
import { nodeStat } from './node-stat.ts';
import { nodePath, pathOf } from './proc-path.ts';
import { codeOf, fromNode, SystemError, systemCallAsync } from './system-error.ts';

/** A directory that was read without blocking. The receiver closes the handle, which cannot list it again. */
export interface DirectoryRead {
  handle: Handle;
  names: RawPath[];
  types: TypeLetter[];
  /** Its state before it was read and, if requested, after. */
  before: Stat;
  after: Stat | null;
  /** Sizes of regular files, if requested; null where they could not be read. */
  sizes: (number | null)[] | null;
}

export interface ReadAheadOptions {
  /** Follow links, on the path and for sizes. */
  follow: boolean;
  sizes: boolean;
  /** Stat it again after reading. */
  after: boolean;
}

/** Concurrent calls for the sizes of one directory. */
const SIZES_AT_ONCE = 4;

/** An entry that was looked up without blocking. */
export interface Looked {
  stat: Stat;
  /** Target of a symbolic link. */
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
  const handle = await systemCallAsync(() => openQuietlyBelow(root, path, follow));
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
    throw fromNode(error);
  }
}

/** Holds a directory below an open one, links not followed, without opening it, on Linux. Rejects with SystemError. */
export function holdAhead(root: Handle, path: RawPath): Promise<Handle> {
  return systemCallAsync(() => openBelow(root, path, flags.O_PATH | flags.O_DIRECTORY | flags.O_NOFOLLOW));
}

/** Resolves when the storage of a path answers. */
export async function reach(path: RawPath): Promise<void> {
  await stat(nodePath(path)).then(nothing, nothing);
}

let callsInFlight = 0;

/**
 * Prevents the exit of the process from waiting for pending calls: Node joins the threads of its pool, which never return when the
 * storage has stopped answering.
 * @param leave ends the process without joining them
 */
export function inPool<T>(call: Promise<T>, leave: (code: number) => void): Promise<T> {
  if (callsInFlight++ === 0) process.on('exit', leave);
  return call.finally(() => {
    if (--callsInFlight === 0) process.off('exit', leave);
  });
}

/** Looks an entry of an open directory up, on Linux. Rejects with SystemError. */
export function lookAhead(dir: Handle, name: RawPath): Promise<Looked> {
  return systemCallAsync(async () => {
    const stat = nodeStat(await lstatExact(nodePath(join(pathOf(dir), name)), { bigint: true }));
    return { stat, target: stat.type === 'l' ? await readLinkAhead(dir, name) : null };
  });
}

/** Rejects with SystemError. */
export function readLinkAhead(dir: Handle, name: RawPath): Promise<RawPath> {
  return systemCallAsync(() => readlink(nodePath(join(pathOf(dir), name)), 'latin1'));
}

async function openQuietlyBelow(root: Handle, path: RawPath, follow: boolean): Promise<Handle> {
  const how = flags.O_RDONLY | flags.O_DIRECTORY | (follow ? 0 : flags.O_NOFOLLOW);
  return openBelow(root, path, how | flags.O_NOATIME).catch((error: unknown) => {
    // O_NOATIME needs ownership or CAP_FOWNER.
    if (codeOf(fromNode(error)) !== 'EPERM') throw error;
    return openBelow(root, path, how);
  });
}

async function openBelow(root: Handle, path: RawPath, how: number): Promise<Handle> {
  const handle = await open(nodePath(join(pathOf(root), path === '' ? '.' : path)), how);
  // The kernel follows links in the middle of a path; the path of the result shows whether there was one.
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
      const path = nodePath(join(pathOf(handle), names[index] ?? ''));
      sizes[index] = await (follow ? stat : lstat)(path).then(({ size }) => size, nothing);
    }
  };
  await Promise.all(Array.from({ length: SIZES_AT_ONCE }, one));
  return sizes;
}

// The worker that opens it reports the error.
const nothing = (): null => null;
