import fs from 'node:fs';
import { readdir } from 'node:fs/promises';
import { sep } from 'node:path';
import { isAscii, type RawPath, toBytes } from '../api/names.ts';
import type { FileSystem, Handle, Space, Stat, TypeLetter } from './file-system.ts';
import * as flags from './flags.ts';
import { NodeStat, typeOfDirent } from './node-stat.ts';
import { isNameIn, pathOf } from './proc-path.ts';
import { type DirectoryRead, type ReadAheadOptions, readAhead } from './read-ahead.ts';
import { codeOf, fromNode, SystemError, systemError } from './system-error.ts';
import { holdsEvenSeconds, isNetwork } from './types-of-file-systems.ts';

const EINVAL = 22;

/**
 * The portable driver on node:fs. On Linux a name is reached through /proc/self/fd/N, which is openat by another road;
 * elsewhere a directory handle stands for its path, and a tree that changes while it is copied can mislead it.
 */
export class NodeFileSystem implements FileSystem {
  readonly name = 'node';
  readonly timeUnit = 1000;
  readonly xattrs = null;
  private readonly held = process.platform === 'linux';
  // Of handles that no call takes: entries that are not open, and all directories where there is no openat.
  private readonly paths = new Map<Handle, RawPath>();
  private nextHandle = 1 << 30;

  openRoot(path: RawPath): Handle {
    if (this.held) return this.openSearchable(path, 0);
    const target = guard(() => fs.realpathSync(wire(path), 'buffer')).toString('latin1');
    if (!guard(() => fs.statSync(wire(target))).isDirectory()) throw new SystemError('ENOTDIR', 'open');
    return this.remember(target);
  }

  openDirectory(dir: Handle, name: RawPath): Handle {
    const path = this.at(dir, name);
    if (this.held) return this.openSearchable(path, flags.O_NOFOLLOW);
    const stat = guard(() => fs.lstatSync(wire(path)));
    if (stat.isSymbolicLink()) throw new SystemError('ELOOP', 'open');
    if (!stat.isDirectory()) throw new SystemError('ENOTDIR', 'open');
    return this.remember(path);
  }

  holdDirectory(dir: Handle, name: RawPath): Handle {
    if (!this.held) return this.openDirectory(dir, name);
    return this.hold(this.at(dir, name), flags.O_DIRECTORY | flags.O_NOFOLLOW);
  }

  makeDirectory(dir: Handle, name: RawPath, mode: number): boolean {
    return untaken(() => fs.mkdirSync(wire(this.at(dir, name)), mode));
  }

  list(dir: Handle, entry: (name: RawPath, type: TypeLetter) => void): void {
    const options = { withFileTypes: true, encoding: 'latin1' } as const;
    for (const dirent of guard(() => fs.readdirSync(wire(this.at(dir, '.')), options))) {
      const type = typeOfDirent(dirent) ?? this.statAt(dir, dirent.name)?.type;
      if (type !== undefined) entry(dirent.name, type);
    }
  }

  readAhead(root: Handle, path: RawPath, options: ReadAheadOptions): Promise<DirectoryRead> | null {
    if (!this.held) return null;
    return readAhead(root, path, options, async (handle, entry) => {
      for (const dirent of await readdir(pathOf(handle), { withFileTypes: true, encoding: 'latin1' })) {
        const type = typeOfDirent(dirent);
        if (type === undefined) throw new SystemError('ENOTSUP', 'readdir');
        entry(dirent.name, type);
      }
    });
  }

  openRead(dir: Handle, name: RawPath): Handle {
    return this.openQuietly(this.at(dir, name), flags.O_RDONLY | flags.O_NOFOLLOW | flags.O_NONBLOCK | flags.O_NOCTTY);
  }

  openWrite(dir: Handle, name: RawPath): Handle {
    return this.open(this.at(dir, name), flags.O_RDWR | flags.O_NOFOLLOW | flags.O_NONBLOCK | flags.O_NOCTTY);
  }

  holdEntry(dir: Handle, name: RawPath): Handle {
    const path = this.at(dir, name);
    return this.held ? this.hold(path, flags.O_NOFOLLOW) : this.remember(path);
  }

  keepsName(handle: Handle, name: RawPath): boolean | null {
    if (!this.held) return true;
    try {
      return isNameIn(guard(() => fs.readlinkSync(pathOf(handle), 'buffer')).toString('latin1'), name);
    } catch {
      return null;
    }
  }

  stat(handle: Handle): Stat {
    const path = this.paths.get(handle);
    if (path !== undefined) {
      const stat = this.held ? fs.statSync : fs.lstatSync;
      return new NodeStat(guard(() => stat(wire(path), { bigint: true })));
    }
    return new NodeStat(guard(() => fs.fstatSync(handle, { bigint: true })));
  }

  statAt(dir: Handle, name: RawPath): Stat | null {
    try {
      return new NodeStat(guard(() => fs.lstatSync(wire(this.at(dir, name)), { bigint: true })));
    } catch (error) {
      if (codeOf(error) === 'ENOENT') return null;
      throw error;
    }
  }

  statTarget(dir: Handle, name: RawPath): Stat {
    return new NodeStat(guard(() => fs.statSync(wire(this.at(dir, name)), { bigint: true })));
  }

  openTarget(dir: Handle, name: RawPath, kind: 'f' | 'd'): Handle {
    const path = this.at(dir, name);
    if (kind === 'd') return this.openRoot(path);
    return this.openQuietly(path, flags.O_RDONLY | flags.O_NONBLOCK | flags.O_NOCTTY);
  }

  read(handle: Handle, buffer: Buffer, offset: number, length: number, position: number): number {
    return guard(() => fs.readSync(handle, buffer, offset, length, position < 0 ? null : position));
  }

  write(handle: Handle, buffer: Buffer, offset: number, length: number, position: number): number {
    return guard(() => fs.writeSync(handle, buffer, offset, length, position < 0 ? null : position));
  }

  // A hidden file could be made, but node:fs cannot give it a name (link does not follow /proc/self/fd).
  createUnnamed(): null {
    return null;
  }

  createNew(dir: Handle, name: RawPath, mode: number): Handle {
    return this.open(this.at(dir, name), flags.O_RDWR | flags.O_CREAT | flags.O_EXCL | flags.O_NOFOLLOW, mode);
  }

  linkUnnamed(): boolean {
    throw new SystemError('ENOTSUP', 'link');
  }

  link(dir: Handle, name: RawPath, newDir: Handle, newName: RawPath): boolean {
    return untaken(() => fs.linkSync(wire(this.at(dir, name)), wire(this.at(newDir, newName))));
  }

  rename(dir: Handle, name: RawPath, newDir: Handle, newName: RawPath): void {
    guard(() => fs.renameSync(wire(this.at(dir, name)), wire(this.at(newDir, newName))));
  }

  renameNew(): null {
    return null;
  }

  unlink(dir: Handle, name: RawPath): void {
    guard(() => fs.unlinkSync(wire(this.at(dir, name))));
  }

  removeDirectory(dir: Handle, name: RawPath): void {
    guard(() => fs.rmdirSync(wire(this.at(dir, name))));
  }

  symlink(target: RawPath, dir: Handle, name: RawPath): boolean {
    return untaken(() => fs.symlinkSync(wire(target), wire(this.at(dir, name))));
  }

  readlink(dir: Handle, name: RawPath): RawPath {
    return guard(() => fs.readlinkSync(wire(this.at(dir, name)), 'buffer')).toString('latin1');
  }

  makeSpecial(): boolean {
    throw new SystemError('ENOTSUP', 'mknod');
  }

  setMode(handle: Handle, mode: number): void {
    const path = this.paths.get(handle);
    guard(() => (path === undefined ? fs.fchmodSync(handle, mode) : fs.chmodSync(wire(path), mode)));
  }

  setTimes(handle: Handle, like: Stat): void {
    const path = this.paths.get(handle);
    const [atime, mtime] = [seconds(like.atime, like.atimeNs), seconds(like.mtime, like.mtimeNs)];
    const byPath = this.held ? fs.utimesSync : fs.lutimesSync;
    guard(() => (path === undefined ? fs.futimesSync(handle, atime, mtime) : byPath(wire(path), atime, mtime)));
  }

  setOwner(handle: Handle, uid: number, gid: number): void {
    const path = this.paths.get(handle);
    const byPath = this.held ? fs.chownSync : fs.lchownSync;
    guard(() => (path === undefined ? fs.fchownSync(handle, uid, gid) : byPath(wire(path), uid, gid)));
  }

  truncate(handle: Handle, size: number): void {
    guard(() => fs.ftruncateSync(handle, size));
  }

  // node:fs has no SEEK_DATA: the copy loop looks for zero chunks instead.
  nextData(): null {
    return null;
  }

  nextHole(_handle: Handle, _position: number, size: number): number {
    return size;
  }

  clone(): string {
    return 'ENOTSUP';
  }

  sync(handle: Handle): void {
    if (!this.paths.has(handle)) guard(() => fs.fsyncSync(handle));
    else if (this.held) throw new SystemError('EACCES', 'fsync');
  }

  lock(): null {
    return null;
  }

  flush(): boolean {
    return false;
  }

  dropCache(): void {}

  map(): null {
    return null;
  }

  space(dir: Handle): Space {
    const s = guard(() => fs.statfsSync(wire(this.at(dir, '.'))));
    return {
      free: s.bavail * s.bsize,
      used: (s.blocks - s.bfree) * s.bsize,
      freeInodes: s.ffree,
      usedInodes: s.files - s.ffree,
      countsInodes: s.files > 0,
      network: this.held && isNetwork(s.type),
      evenSeconds: this.held && holdsEvenSeconds(s.type),
    };
  }

  close(handle: Handle): void {
    if (!this.paths.delete(handle) || this.held) guard(() => fs.closeSync(handle));
  }

  private at(dir: Handle, name: RawPath): RawPath {
    return this.held ? `/proc/self/fd/${dir}/${name}` : `${this.paths.get(dir)}${sep}${name}`;
  }

  private remember(path: RawPath): Handle {
    this.paths.set(this.nextHandle, path);
    return this.nextHandle++;
  }

  private open(path: RawPath, how: number, mode = 0): Handle {
    return guard(() => fs.openSync(wire(path), how, mode));
  }

  private hold(path: RawPath, how: number): Handle {
    const handle = this.open(path, flags.O_PATH | how);
    this.paths.set(handle, pathOf(handle));
    return handle;
  }

  // What is in a directory that may be searched and not read can still be asked for by name.
  private openSearchable(path: RawPath, how: number): Handle {
    try {
      return this.openQuietly(path, flags.O_RDONLY | flags.O_DIRECTORY | how);
    } catch (error) {
      if (codeOf(error) !== 'EACCES') throw error;
      return this.hold(path, flags.O_DIRECTORY | how);
    }
  }

  private openQuietly(path: RawPath, how: number): Handle {
    try {
      return this.open(path, how | flags.O_NOATIME);
    } catch (error) {
      // O_NOATIME is for the owner and for CAP_FOWNER.
      if (codeOf(error) !== 'EPERM') throw error;
      return this.open(path, how);
    }
  }
}

function wire(path: RawPath): string | Buffer {
  // As the libc driver's `cname`: a character that is no byte would become another.
  if (/[^\x01-\xff]/.test(path)) throw systemError(EINVAL, 'name');
  return isAscii(path) ? path : toBytes(path);
}

// As text: Node takes a negative number for "now", but not a negative numeral. A double holds no microsecond exactly, and
// Node cuts towards zero to whole ones: half a microsecond away from zero the cut ends at the one that is meant.
function seconds(whole: number, ns: number): string {
  const microseconds = whole * 1e6 + Math.floor(ns / 1000);
  return String((microseconds + (microseconds < 0 ? -0.5 : 0.5)) / 1e6);
}

function guard<T>(call: () => T): T {
  try {
    return call();
  } catch (error) {
    throw fromNode(error);
  }
}

function untaken(call: () => void): boolean {
  try {
    guard(call);
    return true;
  } catch (error) {
    if (codeOf(error) === 'EEXIST') return false;
    throw error;
  }
}
