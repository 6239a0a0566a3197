// Its `promises` by themselves would load what takes a worker 2 ms of its start.
import fs from 'node:fs';
import { sep } from 'node:path';
import type { RawPath } from '../api/names.ts';
import { askAhead } from './ask-ahead.ts';
import { type FileSystem, type Handle, OTHER_FILE, type Space, type Stat, type TypeLetter } from './file-system.ts';
import { holdsEvenSeconds, isNetwork } from './file-system-types.ts';
import * as flags from './flags.ts';
import { nodeStat, typeOfDirent } from './node-stat.ts';
import { isNameIn, nodePath, pathOf } from './proc-path.ts';
import {
  type DirectoryRead,
  holdAhead,
  inPool,
  type Looked,
  lookAhead,
  type ReadAheadOptions,
  reach,
  readAhead,
} from './read-ahead.ts';
import { orNull, SystemError, systemCall } from './system-error.ts';

/**
 * The portable driver on node:fs. On Linux names are opened through /proc/self/fd/N, which works like openat; elsewhere a directory
 * handle represents a path, which a tree that changes during the copy can redirect.
 */
export class NodeFileSystem implements FileSystem {
  readonly name = 'node';
  readonly timeUnit = 1000;
  readonly xattrs = null;
  private readonly held = process.platform === 'linux';
  // Paths of handles without a descriptor: entries that are not open, and all directories without openat.
  private readonly paths = new Map<Handle, RawPath>();
  private nextHandle = 1 << 30;
  readonly askAhead = this.held ? askAhead : null;

  copySmall(): number {
    return OTHER_FILE;
  }

  openRoot(path: RawPath): Handle {
    if (this.held) return this.openSearchable(path, 0);
    const target = systemCall(() => fs.realpathSync(nodePath(path), 'buffer')).toString('latin1');
    if (!systemCall(() => fs.statSync(nodePath(target))).isDirectory()) throw new SystemError('ENOTDIR', 'open');
    return this.remember(target);
  }

  openDirectory(dir: Handle, name: RawPath): Handle {
    const path = this.at(dir, name);
    if (this.held) return this.openSearchable(path, flags.O_NOFOLLOW);
    const stat = systemCall(() => fs.lstatSync(nodePath(path)));
    if (stat.isSymbolicLink()) throw new SystemError('ELOOP', 'open');
    if (!stat.isDirectory()) throw new SystemError('ENOTDIR', 'open');
    return this.remember(path);
  }

  holdDirectory(dir: Handle, name: RawPath): Handle {
    if (!this.held) return this.openDirectory(dir, name);
    return this.hold(this.at(dir, name), flags.O_DIRECTORY | flags.O_NOFOLLOW);
  }

  holdRoot(path: RawPath): Handle {
    return this.held ? this.hold(path, flags.O_DIRECTORY) : this.openRoot(path);
  }

  makeDirectory(dir: Handle, name: RawPath, mode: number): boolean {
    return untaken(() => fs.mkdirSync(nodePath(this.at(dir, name)), mode));
  }

  list(dir: Handle, entry: (name: RawPath, type: TypeLetter) => void): void {
    const options = { withFileTypes: true, encoding: 'latin1' } as const;
    for (const dirent of systemCall(() => fs.readdirSync(nodePath(this.at(dir, '.')), options))) {
      const type = typeOfDirent(dirent) ?? this.statAt(dir, dirent.name)?.type;
      if (type !== undefined) entry(dirent.name, type);
    }
  }

  readAhead(root: Handle, path: RawPath, options: ReadAheadOptions): Promise<DirectoryRead> | null {
    if (!this.held) return null;
    const read = readAhead(root, path, options, async (handle, entry) => {
      for (const dirent of await fs.promises.readdir(pathOf(handle), { withFileTypes: true, encoding: 'latin1' })) {
        const type = typeOfDirent(dirent);
        if (type === undefined) throw new SystemError('ENOTSUP', 'readdir');
        entry(dirent.name, type);
      }
    });
    return inPool(read, endBySignal);
  }

  holdAhead(root: Handle, path: RawPath): Promise<Handle> | null {
    return this.held ? inPool(holdAhead(root, path), endBySignal) : null;
  }

  reach(path: RawPath): Promise<void> {
    return inPool(reach(path), endBySignal);
  }

  lookAhead(dir: Handle, name: RawPath): Promise<Looked> | null {
    return this.held ? inPool(lookAhead(dir, name), endBySignal) : null;
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
    return orNull(() => isNameIn(fs.readlinkSync(pathOf(handle), 'buffer').toString('latin1'), name));
  }

  stat(handle: Handle): Stat {
    const path = this.paths.get(handle);
    if (path !== undefined) {
      const stat = this.held ? fs.statSync : fs.lstatSync;
      return nodeStat(systemCall(() => stat(nodePath(path), { bigint: true })));
    }
    return nodeStat(systemCall(() => fs.fstatSync(handle, { bigint: true })));
  }

  statKnown(dir: Handle): Stat {
    return this.stat(dir);
  }

  statAt(dir: Handle, name: RawPath): Stat | null {
    return orNull(() => nodeStat(fs.lstatSync(nodePath(this.at(dir, name)), { bigint: true })), 'ENOENT');
  }

  statTarget(dir: Handle, name: RawPath): Stat {
    return nodeStat(systemCall(() => fs.statSync(nodePath(this.at(dir, name)), { bigint: true })));
  }

  openTarget(dir: Handle, name: RawPath, kind: 'f' | 'd'): Handle {
    const path = this.at(dir, name);
    if (kind === 'd') return this.openRoot(path);
    return this.openQuietly(path, flags.O_RDONLY | flags.O_NONBLOCK | flags.O_NOCTTY);
  }

  read(handle: Handle, buffer: Buffer, offset: number, length: number, position: number): number {
    return systemCall(() => fs.readSync(handle, buffer, offset, length, position < 0 ? null : position));
  }

  write(handle: Handle, buffer: Buffer, offset: number, length: number, position: number): number {
    return systemCall(() => fs.writeSync(handle, buffer, offset, length, position < 0 ? null : position));
  }

  // node:fs could create an unnamed file but not name it (link does not follow /proc/self/fd).
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
    return untaken(() => fs.linkSync(nodePath(this.at(dir, name)), nodePath(this.at(newDir, newName))));
  }

  rename(dir: Handle, name: RawPath, newDir: Handle, newName: RawPath): void {
    systemCall(() => fs.renameSync(nodePath(this.at(dir, name)), nodePath(this.at(newDir, newName))));
  }

  renameNew(): null {
    return null;
  }

  unlink(dir: Handle, name: RawPath): void {
    systemCall(() => fs.unlinkSync(nodePath(this.at(dir, name))));
  }

  removeDirectory(dir: Handle, name: RawPath): void {
    systemCall(() => fs.rmdirSync(nodePath(this.at(dir, name))));
  }

  symlink(target: RawPath, dir: Handle, name: RawPath): boolean {
    return untaken(() => fs.symlinkSync(nodePath(target), nodePath(this.at(dir, name))));
  }

  readlink(dir: Handle, name: RawPath): RawPath {
    return systemCall(() => fs.readlinkSync(nodePath(this.at(dir, name)), 'buffer')).toString('latin1');
  }

  makeSpecial(): boolean {
    throw new SystemError('ENOTSUP', 'mknod');
  }

  setMode(handle: Handle, mode: number): void {
    const path = this.paths.get(handle);
    systemCall(() => (path === undefined ? fs.fchmodSync(handle, mode) : fs.chmodSync(nodePath(path), mode)));
  }

  setTimes(handle: Handle, like: Stat): void {
    const path = this.paths.get(handle);
    const [atime, mtime] = [seconds(like.atime, like.atimeNs), seconds(like.mtime, like.mtimeNs)];
    const byPath = this.held ? fs.utimesSync : fs.lutimesSync;
    systemCall(() =>
      path === undefined ? fs.futimesSync(handle, atime, mtime) : byPath(nodePath(path), atime, mtime),
    );
  }

  setOwner(handle: Handle, uid: number, gid: number): void {
    const path = this.paths.get(handle);
    const byPath = this.held ? fs.chownSync : fs.lchownSync;
    systemCall(() => (path === undefined ? fs.fchownSync(handle, uid, gid) : byPath(nodePath(path), uid, gid)));
  }

  truncate(handle: Handle, size: number): void {
    systemCall(() => fs.ftruncateSync(handle, size));
  }

  // node:fs has no SEEK_DATA: the copy loop detects zero blocks instead.
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
    if (!this.paths.has(handle)) systemCall(() => fs.fsyncSync(handle));
    else if (this.held) throw new SystemError('EACCES', 'fsync');
  }

  lock(): null {
    return null;
  }

  closeLocked(handle: Handle): () => void {
    this.close(handle);
    return () => {};
  }

  dropCache(): void {}

  map(): null {
    return null;
  }

  space(dir: Handle): Space {
    const s = systemCall(() => fs.statfsSync(nodePath(this.at(dir, '.'))));
    return {
      free: s.bavail * s.bsize,
      hasInodes: s.ffree > 0 || s.files === 0,
      network: this.held && isNetwork(s.type),
      evenSeconds: this.held && holdsEvenSeconds(s.type),
    };
  }

  close(handle: Handle): void {
    if (!this.paths.delete(handle) || this.held) systemCall(() => fs.closeSync(handle));
  }

  private at(dir: Handle, name: RawPath): RawPath {
    return this.held ? `/proc/self/fd/${dir}/${name}` : `${this.paths.get(dir)}${sep}${name}`;
  }

  private remember(path: RawPath): Handle {
    this.paths.set(this.nextHandle, path);
    return this.nextHandle++;
  }

  private open(path: RawPath, how: number, mode = 0): Handle {
    return systemCall(() => fs.openSync(nodePath(path), how, mode));
  }

  private hold(path: RawPath, how: number): Handle {
    const handle = this.open(path, flags.O_PATH | how);
    this.paths.set(handle, pathOf(handle));
    return handle;
  }

  // Entries of a directory with search but no read permission can still be accessed by name.
  private openSearchable(path: RawPath, how: number): Handle {
    const directory = flags.O_DIRECTORY | how;
    return orNull(() => this.openQuietly(path, flags.O_RDONLY | directory), 'EACCES') ?? this.hold(path, directory);
  }

  private openQuietly(path: RawPath, how: number): Handle {
    // O_NOATIME needs ownership or CAP_FOWNER.
    return orNull(() => this.open(path, how | flags.O_NOATIME), 'EPERM') ?? this.open(path, how);
  }
}

// As text: Node treats a negative number as "now", but not a negative numeral. Doubles do not hold microseconds exactly, and Node
// truncates towards zero: half a microsecond more ends at the intended one.
function seconds(whole: number, ns: number): string {
  const microseconds = whole * 1e6 + Math.floor(ns / 1000);
  return String((microseconds + (microseconds < 0 ? -0.5 : 0.5)) / 1e6);
}

function untaken(call: () => void): boolean {
  return orNull(call, 'EEXIST') !== null;
}

const SIGNALS = { 129: 'SIGHUP', 130: 'SIGINT', 143: 'SIGTERM' } as const;

// Node has no `_exit`. An interrupted process needs none: its parent sees the expected signal.
function endBySignal(code: number): void {
  const signal = SIGNALS[code as keyof typeof SIGNALS];
  if (signal === undefined) return;
  process.removeAllListeners(signal);
  process.kill(process.pid, signal);
}
