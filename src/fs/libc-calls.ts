import { constants } from 'node:os';
import { type RawPath, toBytes } from '../api/names.ts';
import { call, callAsync, callIfThere, viewOf } from './c-library.ts';
import { provideExit } from './exit-at-once.ts';
import { systemError } from './system-error.ts';

export { addressOf, errno } from './c-library.ts';

// A `const char *` takes a string or a Buffer with a final NUL. Names that are not ASCII are passed as Buffers: koffi encodes
// strings as UTF-8, and ours have one byte per character.

/** A name as koffi takes it. */
export type CName = string | Buffer;
/**
 * Converts a name for a call. Throws SystemError (EINVAL) for a name with a NUL, which the system would truncate, or with a
 * character that is not a byte.
 */
export function cname(name: RawPath): CName {
  let isPlain = true;
  for (let i = 0; i < name.length; i++) {
    const code = name.charCodeAt(i);
    if (code === 0 || code > 0xff) throw systemError(constants.errno.EINVAL, 'name');
    if (code > 0x7f) isPlain = false;
  }
  return isPlain ? name : toBytes(`${name}\0`);
}

/** Memory for the call: a Buffer, or an address from `addressOf` plus an offset. */
export type Memory = Buffer | number | null;

export const openat = call<[dir: number, name: CName, flags: number, mode: number]>(
  'int openat(int, const char *, int, uint)',
);
export const mkdirat = call<[dir: number, name: CName, mode: number]>('int mkdirat(int, const char *, uint)');
export const unlinkat = call<[dir: number, name: CName, flags: number]>('int unlinkat(int, const char *, int)');
export const linkat = call<[dir: number, name: CName, newDir: number, newName: CName, flags: number]>(
  'int linkat(int, const char *, int, const char *, int)',
);
export const renameat = call<[dir: number, name: CName, newDir: number, newName: CName]>(
  'int renameat(int, const char *, int, const char *)',
);
/** null: not in this version of the C library. */
export const renameat2 = callIfThere<[dir: number, name: CName, newDir: number, newName: CName, flags: number]>(
  'int renameat2(int, const char *, int, const char *, uint)',
);
export const symlinkat = call<[target: CName, dir: number, name: CName]>(
  'int symlinkat(const char *, int, const char *)',
);
export const readlinkat = call<[dir: number, name: CName, buffer: Buffer, size: number]>(
  'int64 readlinkat(int, const char *, void *, uint64)',
);
export const mknodat = call<[dir: number, name: CName, mode: number, device: bigint]>(
  'int mknodat(int, const char *, uint, uint64)',
);
export const statx = call<[dir: number, name: CName, flags: number, mask: number, buffer: Buffer]>(
  'int statx(int, const char *, int, uint, void *)',
);
export const statxAsync = callAsync<[dir: number, name: CName, flags: number, mask: number, buffer: Buffer]>(
  'int statx(int, const char *, int, uint, void *)',
);
export const getdents64 = call<[dir: number, buffer: Buffer, size: number]>('int64 getdents64(int, void *, uint64)');
export const getdents64Async = callAsync<[dir: number, buffer: Buffer, size: number]>(
  'int64 getdents64(int, void *, uint64)',
);
/** Ends the process without exit handlers. */
export const exitAtOnce = call<[code: number], void>('void _exit(int)');
provideExit(exitAtOnce);
export const read = call<[fd: number, memory: number, size: number]>('int64 read(int, uintptr_t, uint64)');
export const write = call<[fd: number, memory: number, size: number]>('int64 write(int, uintptr_t, uint64)');
export const pread = call<[fd: number, memory: number, size: number, position: number]>(
  'int64 pread(int, uintptr_t, uint64, int64)',
);
export const pwrite = call<[fd: number, memory: number, size: number, position: number]>(
  'int64 pwrite(int, uintptr_t, uint64, int64)',
);
export const lseek = call<[fd: number, position: number, whence: number]>('int64 lseek(int, int64, int)');
export const ftruncate = call<[fd: number, size: number]>('int ftruncate(int, int64)');
export const fchmod = call<[fd: number, mode: number]>('int fchmod(int, uint)');
export const fchmodat = call<[dir: number, name: CName, mode: number, flags: number]>(
  'int fchmodat(int, const char *, uint, int)',
);
export const fchown = call<[fd: number, uid: number, gid: number]>('int fchown(int, uint, uint)');
export const fchownat = call<[dir: number, name: CName, uid: number, gid: number, flags: number]>(
  'int fchownat(int, const char *, uint, uint, int)',
);
export const futimens = call<[fd: number, times: Buffer]>('int futimens(int, const void *)');
export const utimensat = call<[dir: number, name: CName, times: Buffer, flags: number]>(
  'int utimensat(int, const char *, const void *, int)',
);
export const fsync = call<[fd: number]>('int fsync(int)');
export const posixFadvise = call<[fd: number, offset: number, size: number, advice: number]>(
  'int posix_fadvise(int, int64, int64, int)',
);
export const fstatfs = call<[fd: number, buffer: Buffer]>('int fstatfs(int, void *)');
/** For commands with a structure as argument. */
export const fcntl = call<[fd: number, command: number, argument: Buffer | null]>('int fcntl(int, int, void *)');
export const ioctl = call<[fd: number, request: number, argument: number]>('int ioctl(int, ulong, int64)');
const mmap = call<[address: null, size: number, protection: number, flags: number, fd: number, offset: number], bigint>(
  'void *mmap(void *, uint64, int, int, int, int64)',
);

/** Maps the first bytes of an open file as shared memory, for the life of this process; null on failure. */
export function mapShared(fd: number, bytes: number): ArrayBuffer | null {
  const PROT_READ_WRITE = 3;
  const MAP_SHARED = 1;
  const address = mmap(null, bytes, PROT_READ_WRITE, MAP_SHARED, fd, 0);
  return BigInt.asIntN(64, address) === -1n ? null : viewOf(address, bytes);
}

/** Holds an open file by an address of which nothing is ever read; null: refused. */
export function mapNothing(fd: number): bigint | null {
  const PROT_NONE = 0;
  const MAP_PRIVATE = 2;
  const address = mmap(null, 1, PROT_NONE, MAP_PRIVATE, fd, 0);
  return BigInt.asIntN(64, address) === -1n ? null : address;
}
export const munmap = call<[address: bigint, size: number]>('int munmap(uintptr_t, uint64)');

export const close = call<[fd: number]>('int close(int)');

export const flistxattr = call<[fd: number, list: Memory, size: number]>('int64 flistxattr(int, void *, uint64)');
export const fgetxattr = call<[fd: number, name: CName, value: Memory, size: number]>(
  'int64 fgetxattr(int, const char *, void *, uint64)',
);
export const fsetxattr = call<[fd: number, name: CName, value: Buffer, size: number, flags: number]>(
  'int fsetxattr(int, const char *, const void *, uint64, int)',
);
export const fremovexattr = call<[fd: number, name: CName]>('int fremovexattr(int, const char *)');
export const listxattr = call<[path: CName, list: Memory, size: number]>(
  'int64 listxattr(const char *, void *, uint64)',
);
export const getxattr = call<[path: CName, name: CName, value: Memory, size: number]>(
  'int64 getxattr(const char *, const char *, void *, uint64)',
);
export const setxattr = call<[path: CName, name: CName, value: Buffer, size: number, flags: number]>(
  'int setxattr(const char *, const char *, const void *, uint64, int)',
);
export const removexattr = call<[path: CName, name: CName]>('int removexattr(const char *, const char *)');
