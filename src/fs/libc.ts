import { existsSync } from 'node:fs';
import { constants } from 'node:os';
import type { RawPath } from '../api/names.ts';
import { type AskAhead, askAhead } from './ask-ahead.ts';
import {
  type FileSystem,
  type Handle,
  OTHER_FILE,
  type SmallTerms,
  type Space,
  type Stat,
  type TypeLetter,
  withHandle,
} from './file-system.ts';
import { holdsEvenSeconds, isNetwork } from './file-system-types.ts';
import * as flags from './flags.ts';
import * as libc from './libc-calls.ts';
import { libcXattrs } from './libc-xattrs.ts';
import { isNameIn, pathOf } from './proc-path.ts';
import {
  type DirectoryRead,
  holdAhead,
  inPool,
  type Looked,
  type ReadAheadOptions,
  reach,
  readAhead,
  readLinkAhead,
} from './read-ahead.ts';
import { copySmallFile } from './small-file.ts';
import { STATX_MASK, STATX_MASK_QUIET, STATX_SIZE, StatxStat } from './statx.ts';
import { codeOf, SystemError, systemError } from './system-error.ts';

const AT_FDCWD = -100;
const AT_SYMLINK_NOFOLLOW = 0x100;
const AT_REMOVEDIR = 0x200;
const AT_SYMLINK_FOLLOW = 0x400;
const AT_EMPTY_PATH = 0x1000;
const AT_STATX_DONT_SYNC = 0x4000;
const SEEK_SET = 0;
const SEEK_DATA = 3;
const SEEK_HOLE = 4;
const POSIX_FADV_WILLNEED = 3;
const POSIX_FADV_DONTNEED = 4;
const F_OFD_SETLK = 37;
const F_DUPFD_CLOEXEC = 1030;
const RENAME_NOREPLACE = 1;
const FICLONE = 0x40049409;
const TMPFS_MAGIC = 0x01021994;

const { EACCES, EAGAIN, EEXIST, EINTR, EINVAL, EISDIR, ENOENT, ENOSYS, ENXIO, EOPNOTSUPP, EPERM } = constants.errno;

const statBuffer = Buffer.alloc(STATX_SIZE);
const statWords = new Uint32Array(statBuffer.buffer, statBuffer.byteOffset, STATX_SIZE / 4);
const timesBuffer = Buffer.alloc(32);
const timesView = new DataView(timesBuffer.buffer, timesBuffer.byteOffset, 32);
const linkBuffer = Buffer.alloc(65536);
const flockBuffer = Buffer.alloc(32);
const listBuffer = Buffer.alloc(65536);
// Buffers for calls in other threads, reused.
const spareBuffers: Buffer[] = [];
const spareStats: Buffer[] = [];
// By d_type; DT_UNKNOWN needs a stat.
const DIRENT_TYPES: readonly (TypeLetter | '')[] = ['', 'p', 'c', '', 'd', '', 'b', '', 'f', '', 'l', '', 's'];

/** System calls of the C library on 64-bit little-endian Linux. */
export class LibcFileSystem implements FileSystem {
  readonly name = 'libc';
  readonly timeUnit = 1;
  readonly xattrs = libcXattrs;
  // False once linkat with AT_EMPTY_PATH was refused: then unnamed files are linked through /proc.
  private emptyPath = true;
  // Handles of `holdEntry`, which most calls by descriptor reject.
  private readonly unopened = new Set<Handle>();
  readonly askAhead: AskAhead = {
    ...askAhead,
    fetch: (handle, bytes) => void libc.posixFadvise(handle, 0, bytes, POSIX_FADV_WILLNEED),
  };
  private hasProc: boolean | null = null;

  openRoot(path: RawPath): Handle {
    return this.openSearchable(AT_FDCWD, path, 0);
  }

  openDirectory(dir: Handle, name: RawPath): Handle {
    return this.openSearchable(dir, name, flags.O_NOFOLLOW);
  }

  // Some calls (mode, attributes, ACLs) reach such entries through /proc.
  holdDirectory(dir: Handle, name: RawPath): Handle {
    if (!this.reachesHeld()) return this.openDirectory(dir, name);
    return this.hold(dir, name, flags.O_DIRECTORY | flags.O_NOFOLLOW);
  }

  holdRoot(path: RawPath): Handle {
    return this.reachesHeld() ? this.hold(AT_FDCWD, path, flags.O_DIRECTORY) : this.openRoot(path);
  }

  makeDirectory(dir: Handle, name: RawPath, mode: number): boolean {
    return untaken(libc.mkdirat(dir, libc.cname(name), mode), 'mkdir');
  }

  list(dir: Handle, entry: (name: RawPath, type: TypeLetter) => void): void {
    if (this.unopened.has(dir)) return this.listHeld(dir, entry);
    check(libc.lseek(dir, 0, SEEK_SET), 'lseek');
    const untyped = (name: RawPath): void => {
      const type = this.statAt(dir, name)?.type;
      if (type) entry(name, type);
    };
    for (;;) {
      const filled = check(libc.getdents64(dir, listBuffer, listBuffer.length), 'getdents64');
      if (filled === 0) return;
      eachEntry(listBuffer, filled, entry, untyped);
    }
  }

  readAhead(root: Handle, path: RawPath, options: ReadAheadOptions): Promise<DirectoryRead> {
    const read = readAhead(root, path, options, async (handle, entry) => {
      const buffer = spareBuffers.pop() ?? Buffer.allocUnsafeSlow(listBuffer.length);
      try {
        for (;;) {
          const filled = await libc.getdents64Async(handle, buffer, buffer.length);
          if (filled < 0) throw new SystemError('EIO', 'getdents64');
          if (filled === 0) return;
          eachEntry(buffer, filled, entry, () => {
            throw new SystemError('ENOTSUP', 'getdents64');
          });
        }
      } finally {
        spareBuffers.push(buffer);
      }
    });
    return inPool(read, libc.exitAtOnce);
  }

  holdAhead(root: Handle, path: RawPath): Promise<Handle> {
    return inPool(holdAhead(root, path), libc.exitAtOnce);
  }

  reach(path: RawPath): Promise<void> {
    return inPool(reach(path), libc.exitAtOnce);
  }

  lookAhead(dir: Handle, name: RawPath): Promise<Looked> {
    return inPool(this.look(dir, name), libc.exitAtOnce);
  }

  openRead(dir: Handle, name: RawPath): Handle {
    return this.openQuietly(dir, name, flags.O_RDONLY | flags.O_NOFOLLOW | flags.O_NONBLOCK | flags.O_NOCTTY);
  }

  openWrite(dir: Handle, name: RawPath): Handle {
    return this.open(dir, name, flags.O_RDWR | flags.O_NOFOLLOW | flags.O_NONBLOCK | flags.O_NOCTTY, 0);
  }

  holdEntry(dir: Handle, name: RawPath): Handle {
    return this.hold(dir, name, flags.O_NOFOLLOW);
  }

  keepsName(handle: Handle, name: RawPath): boolean | null {
    const length = libc.readlinkat(AT_FDCWD, pathOf(handle), linkBuffer, linkBuffer.length);
    return length < 0 ? null : isNameIn(linkBuffer.toString('latin1', 0, length), name);
  }

  stat(handle: Handle): Stat {
    check(libc.statx(handle, '', AT_EMPTY_PATH, STATX_MASK_QUIET, statBuffer), 'stat');
    return new StatxStat(statWords);
  }

  statKnown(dir: Handle): Stat {
    check(libc.statx(dir, '', AT_EMPTY_PATH | AT_STATX_DONT_SYNC, STATX_MASK, statBuffer), 'stat');
    return new StatxStat(statWords);
  }

  statAt(dir: Handle, name: RawPath): Stat | null {
    if (libc.statx(dir, libc.cname(name), AT_SYMLINK_NOFOLLOW, STATX_MASK_QUIET, statBuffer) === 0) {
      return new StatxStat(statWords);
    }
    if (libc.errno() === ENOENT) return null;
    throw systemError(libc.errno(), 'stat');
  }

  statTarget(dir: Handle, name: RawPath): Stat {
    check(libc.statx(dir, libc.cname(name), 0, STATX_MASK, statBuffer), 'stat');
    return new StatxStat(statWords);
  }

  openTarget(dir: Handle, name: RawPath, kind: 'f' | 'd'): Handle {
    if (kind === 'd') return this.openSearchable(dir, name, 0);
    return this.openQuietly(dir, name, flags.O_RDONLY | flags.O_NONBLOCK | flags.O_NOCTTY);
  }

  read(handle: Handle, buffer: Buffer, offset: number, length: number, position: number): number {
    const memory = libc.addressOf(buffer) + offset;
    for (;;) {
      const n = position < 0 ? libc.read(handle, memory, length) : libc.pread(handle, memory, length, position);
      if (n >= 0) return n;
      if (libc.errno() !== EINTR) throw systemError(libc.errno(), 'read');
    }
  }

  write(handle: Handle, buffer: Buffer, offset: number, length: number, position: number): number {
    const memory = libc.addressOf(buffer) + offset;
    for (;;) {
      const n = position < 0 ? libc.write(handle, memory, length) : libc.pwrite(handle, memory, length, position);
      if (n >= 0) return n;
      if (libc.errno() !== EINTR) throw systemError(libc.errno(), 'write');
    }
  }

  createUnnamed(dir: Handle, mode: number): Handle | null {
    const fd = libc.openat(dir, '.', flags.O_TMPFILE | flags.O_RDWR | flags.O_CLOEXEC, mode);
    if (fd >= 0) return fd;
    const errno = libc.errno();
    // Errors of kernels and file systems without O_TMPFILE.
    if (errno === EOPNOTSUPP || errno === EISDIR || errno === ENOENT || errno === EINVAL) return null;
    throw systemError(errno, 'open');
  }

  createNew(dir: Handle, name: RawPath, mode: number): Handle {
    return this.open(dir, name, flags.O_RDWR | flags.O_CREAT | flags.O_EXCL | flags.O_NOFOLLOW, mode);
  }

  linkUnnamed(handle: Handle, dir: Handle, name: RawPath): boolean {
    if (this.emptyPath) {
      if (libc.linkat(handle, '', dir, libc.cname(name), AT_EMPTY_PATH) === 0) return true;
      const errno = libc.errno();
      if (errno === EEXIST) return false;
      // Before Linux 6.10 this needs CAP_DAC_READ_SEARCH, and fails with ENOENT without it.
      if (errno !== ENOENT && errno !== EPERM) throw systemError(errno, 'link');
      this.emptyPath = false;
    }
    return untaken(libc.linkat(AT_FDCWD, pathOf(handle), dir, libc.cname(name), AT_SYMLINK_FOLLOW), 'link');
  }

  link(dir: Handle, name: RawPath, newDir: Handle, newName: RawPath): boolean {
    return untaken(libc.linkat(dir, libc.cname(name), newDir, libc.cname(newName), 0), 'link');
  }

  rename(dir: Handle, name: RawPath, newDir: Handle, newName: RawPath): void {
    check(libc.renameat(dir, libc.cname(name), newDir, libc.cname(newName)), 'rename');
  }

  renameNew(dir: Handle, name: RawPath, newName: RawPath): boolean | null {
    const { renameat2 } = libc;
    if (renameat2 === null) return null;
    if (renameat2(dir, libc.cname(name), dir, libc.cname(newName), RENAME_NOREPLACE) === 0) return true;
    const errno = libc.errno();
    if (errno === EEXIST) return false;
    if (errno === EINVAL || errno === ENOSYS) return null;
    throw systemError(errno, 'rename');
  }

  unlink(dir: Handle, name: RawPath): void {
    check(libc.unlinkat(dir, libc.cname(name), 0), 'unlink');
  }

  removeDirectory(dir: Handle, name: RawPath): void {
    check(libc.unlinkat(dir, libc.cname(name), AT_REMOVEDIR), 'rmdir');
  }

  symlink(target: RawPath, dir: Handle, name: RawPath): boolean {
    return untaken(libc.symlinkat(libc.cname(target), dir, libc.cname(name)), 'symlink');
  }

  readlink(dir: Handle, name: RawPath): RawPath {
    return linkBuffer.toString(
      'latin1',
      0,
      check(libc.readlinkat(dir, libc.cname(name), linkBuffer, linkBuffer.length), 'readlink'),
    );
  }

  makeSpecial(dir: Handle, name: RawPath, like: Stat): boolean {
    const bits = { p: 0o010000, s: 0o140000, c: 0o020000, b: 0o060000 }[like.type as 'p' | 's' | 'c' | 'b'];
    return untaken(
      libc.mknodat(dir, libc.cname(name), bits | (like.mode & 0o600), makedev(like.rdevMajor, like.rdevMinor)),
      'mknod',
    );
  }

  setMode(handle: Handle, mode: number): void {
    if (this.unopened.has(handle)) chmodOfHeld(handle, mode);
    else check(libc.fchmod(handle, mode), 'chmod');
  }

  setTimes(handle: Handle, like: Stat): void {
    putTimes(like);
    check(this.unopened.has(handle) ? utimesOfHeld(handle) : libc.futimens(handle, timesBuffer), 'utimens');
  }

  setOwner(handle: Handle, uid: number, gid: number): void {
    if (this.unopened.has(handle)) check(libc.fchownat(handle, '', uid, gid, AT_EMPTY_PATH), 'chown');
    else check(libc.fchown(handle, uid, gid), 'chown');
  }

  copySmall(sourceDir: Handle, destinationDir: Handle, name: RawPath, terms: SmallTerms): number {
    return this.emptyPath ? copySmallFile(sourceDir, destinationDir, name, terms) : OTHER_FILE;
  }

  truncate(handle: Handle, size: number): void {
    check(libc.ftruncate(handle, size), 'truncate');
  }

  nextData(handle: Handle, position: number, size: number): number | null {
    const found = libc.lseek(handle, position, SEEK_DATA);
    if (found >= 0) return found;
    return libc.errno() === ENXIO ? size : null;
  }

  nextHole(handle: Handle, position: number, size: number): number {
    const found = libc.lseek(handle, position, SEEK_HOLE);
    return found >= 0 ? found : size;
  }

  clone(source: Handle, destination: Handle): string | null {
    return libc.ioctl(destination, FICLONE, source) === 0 ? null : systemError(libc.errno(), 'clone').code;
  }

  sync(handle: Handle): void {
    if (this.unopened.has(handle)) throw systemError(EACCES, 'fsync');
    check(libc.fsync(handle), 'fsync');
  }

  // Locks a byte beyond any file: on SMB others cannot read or write locked bytes.
  lock(handle: Handle, kind: 'shared' | 'exclusive'): boolean | null {
    const [F_RDLCK, F_WRLCK] = [0, 1];
    // struct flock on 64-bit Linux: l_type, l_whence, l_start, l_len, l_pid.
    flockBuffer.writeInt16LE(kind === 'shared' ? F_RDLCK : F_WRLCK, 0);
    flockBuffer.writeBigInt64LE(1n << 62n, 8);
    flockBuffer.writeBigInt64LE(1n, 16);
    if (libc.fcntl(handle, F_OFD_SETLK, flockBuffer) === 0) return true;
    const errno = libc.errno();
    return errno === EAGAIN || errno === EACCES ? false : null;
  }

  // Each close of a descriptor flushes the file, which a server is asked for; a mapping holds the file and its locks, and is given up
  // without that. Where nothing can be mapped a second descriptor does it.
  closeLocked(handle: Handle): () => void {
    const mapping = libc.mapNothing(handle);
    const held = mapping === null ? libc.fcntl(handle, F_DUPFD_CLOEXEC, null) : -1;
    const end = (): void => {
      if (mapping !== null) libc.munmap(mapping, 1);
      else if (held >= 0) libc.close(held);
    };
    try {
      this.close(handle);
    } catch (error) {
      end();
      throw error;
    }
    return end;
  }

  dropCache(handle: Handle): void {
    libc.posixFadvise(handle, 0, 0, POSIX_FADV_DONTNEED);
  }

  map(handle: Handle, bytes: number): ArrayBuffer | null {
    return fileSystemOf(handle)(0) === TMPFS_MAGIC ? libc.mapShared(handle, bytes) : null;
  }

  space(dir: Handle): Space {
    const at = fileSystemOf(dir);
    return {
      free: at(4) * at(1),
      hasInodes: at(6) > 0 || at(5) === 0,
      network: isNetwork(at(0)),
      evenSeconds: holdsEvenSeconds(at(0)),
    };
  }

  close(handle: Handle): void {
    this.unopened.delete(handle);
    // On Linux EINTR means closed too. Other codes are late write errors (NFS, quota).
    if (libc.close(handle) < 0 && libc.errno() !== EINTR) throw systemError(libc.errno(), 'close');
  }

  private reachesHeld(): boolean {
    this.hasProc ??= existsSync('/proc/self/fd');
    return this.hasProc;
  }

  private async look(dir: Handle, name: RawPath): Promise<Looked> {
    const buffer = spareStats.pop() ?? Buffer.allocUnsafeSlow(STATX_SIZE);
    try {
      const done = await libc.statxAsync(dir, libc.cname(name), AT_SYMLINK_NOFOLLOW, STATX_MASK_QUIET, buffer);
      if (done < 0) throw new SystemError('EIO', 'stat');
      const stat = new StatxStat(new Uint32Array(buffer.buffer, buffer.byteOffset, STATX_SIZE / 4));
      return { stat, target: stat.type === 'l' ? await readLinkAhead(dir, name) : null };
    } finally {
      spareStats.push(buffer);
    }
  }

  private listHeld(dir: Handle, entry: (name: RawPath, type: TypeLetter) => void): void {
    const opened = this.openQuietly(dir, '.', flags.O_RDONLY | flags.O_DIRECTORY);
    withHandle(this, opened, () => this.list(opened, entry));
  }

  private open(dir: number, name: RawPath, how: number, mode: number): Handle {
    for (;;) {
      const fd = libc.openat(dir, libc.cname(name), how | flags.O_CLOEXEC, mode);
      if (fd >= 0) return fd;
      if (libc.errno() !== EINTR) throw systemError(libc.errno(), 'open');
    }
  }

  private openQuietly(dir: number, name: RawPath, how: number): Handle {
    const fd = libc.openat(dir, libc.cname(name), how | flags.O_NOATIME | flags.O_CLOEXEC, 0);
    if (fd >= 0) return fd;
    // O_NOATIME needs ownership or CAP_FOWNER.
    if (libc.errno() === EPERM || libc.errno() === EINTR) return this.open(dir, name, how, 0);
    throw systemError(libc.errno(), 'open');
  }

  private hold(dir: Handle, name: RawPath, how: number): Handle {
    const handle = this.open(dir, name, flags.O_PATH | how, 0);
    this.unopened.add(handle);
    return handle;
  }

  // Entries of a directory with search but no read permission can still be accessed by name.
  private openSearchable(dir: Handle, name: RawPath, how: number): Handle {
    try {
      return this.openQuietly(dir, name, flags.O_RDONLY | flags.O_DIRECTORY | how);
    } catch (error) {
      if (codeOf(error) !== 'EACCES') throw error;
      return this.hold(dir, name, flags.O_DIRECTORY | how);
    }
  }
}

function eachEntry(
  buffer: Buffer,
  filled: number,
  entry: (name: RawPath, type: TypeLetter) => void,
  untyped: (name: RawPath) => void,
): void {
  // Decoded as one string and sliced: decoding each name would be a call per entry.
  const text = buffer.toString('latin1', 0, filled);
  // struct linux_dirent64: d_ino 8, d_off 8, d_reclen 2, d_type 1, d_name, in units of 8 bytes.
  for (let at = 0; at < filled; ) {
    const next = at + (buffer[at + 16] as number) + 256 * (buffer[at + 17] as number);
    // The name's NUL is among the last 8 bytes; the bytes after it are undefined.
    let end = Math.max(at + 19, next - 8);
    while (buffer[end] !== 0) end++;
    const name = text.slice(at + 19, end);
    const type = DIRENT_TYPES[buffer[at + 18] as number];
    at = next;
    if (name === '.' || name === '..') continue;
    if (type) entry(name, type);
    else untyped(name);
  }
}

function check(result: number, syscall: string): number {
  if (result < 0) throw systemError(libc.errno(), syscall);
  return result;
}

function untaken(result: number, syscall: string): boolean {
  if (result === 0) return true;
  if (libc.errno() === EEXIST) return false;
  throw systemError(libc.errno(), syscall);
}

// Only fchmodat2 (Linux 6.6) accepts a handle that is not open; otherwise /proc is needed.
function chmodOfHeld(handle: Handle, mode: number): void {
  if (libc.fchmodat(AT_FDCWD, pathOf(handle), mode, 0) === 0) return;
  throw systemError(libc.errno() === ENOENT ? EOPNOTSUPP : libc.errno(), 'chmod');
}

// Linux 5.8 accepts a handle that is not open; before that, through /proc.
function utimesOfHeld(handle: Handle): number {
  const done = libc.utimensat(handle, '', timesBuffer, AT_EMPTY_PATH);
  return done < 0 && libc.errno() === EINVAL ? libc.utimensat(AT_FDCWD, pathOf(handle), timesBuffer, 0) : done;
}

function putTimes(like: Stat): void {
  putSeconds(0, like.atime);
  timesView.setUint32(8, like.atimeNs, true);
  putSeconds(16, like.mtime);
  timesView.setUint32(24, like.mtimeNs, true);
}

// A 64-bit two's complement number without a BigInt; the upper halves of the nanoseconds stay 0.
function putSeconds(at: number, seconds: number): void {
  timesView.setUint32(at, seconds >>> 0, true);
  timesView.setInt32(at + 4, Math.floor(seconds / 2 ** 32), true);
}

// struct statfs on 64-bit Linux: f_type, f_bsize, f_blocks, f_bfree, f_bavail, f_files, f_ffree, 8 bytes each.
function fileSystemOf(handle: Handle): (index: number) => number {
  const buffer = Buffer.alloc(120);
  check(libc.fstatfs(handle, buffer), 'statfs');
  return (index) => Number(buffer.readBigInt64LE(index * 8));
}

// glibc's gnu_dev_makedev.
function makedev(major: number, minor: number): bigint {
  const [x, y] = [BigInt(major), BigInt(minor)];
  return ((x & 0xfffff000n) << 32n) | ((x & 0xfffn) << 8n) | ((y & 0xffffff00n) << 12n) | (y & 0xffn);
}
