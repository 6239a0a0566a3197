import type { RawPath } from '../api/names.ts';
import type { DirectoryRead, Looked, ReadAheadOptions } from './read-ahead.ts';

/** One letter per type of entry, as it travels in a job. `?` is what the listing could not tell. */
export type TypeLetter = 'f' | 'd' | 'l' | 'p' | 's' | 'c' | 'b' | '?';

/** What statx tells. Times are seconds and nanoseconds since 1970, seconds may be negative. */
export interface Stat {
  type: TypeLetter;
  /** Permission bits with setuid, setgid and sticky, 0 to 0o7777. */
  mode: number;
  uid: number;
  gid: number;
  nlink: number;
  /** Bytes. */
  size: number;
  /** Allocated units of 512 bytes. */
  blocks: number;
  atime: number;
  atimeNs: number;
  mtime: number;
  mtimeNs: number;
  /** When content or metadata last changed, in milliseconds since 1970; nobody can set it. */
  changedMs: number;
  /** Device and inode number: the same pair is the same file. */
  identity: string;
  rdevMajor: number;
  rdevMinor: number;
}

/** The device of an identity. */
export function deviceOf({ identity }: Pick<Stat, 'identity'>): string {
  return identity.split(':', 2).join(':');
}

export interface Space {
  /** Bytes an ordinary user may still write. */
  free: number;
  used: number;
  freeInodes: number;
  usedInodes: number;
  /** Some file systems make inodes as they need them and report none. */
  countsInodes: boolean;
  /** Served by another machine, as far as the system tells. */
  network: boolean;
  /** Modification times are cut to even seconds. */
  evenSeconds: boolean;
}

/** An open directory or file. On systems without openat it stands for a path. */
export type Handle = number;

/**
 * What the copier needs of the operating system, with every step relative to a held directory and no call that follows
 * a symbolic link (but `openRoot`, for the paths a person typed). Calls throw `SystemError`. Names are bytes.
 */
export interface FileSystem {
  readonly name: 'libc' | 'node';
  /** Nanoseconds: the finest difference between two times that it can set. */
  readonly timeUnit: number;
  /** A directory that may be searched and not read is held as by `holdEntry`; to list it is EACCES. So for all directories. */
  openRoot(path: RawPath): Handle;
  openDirectory(dir: Handle, name: RawPath): Handle;
  /**
   * The same for a directory that is mostly walked through: held without being opened where that is possible, which asks the
   * storage for nothing beyond its name. It can be listed, but not synced.
   */
  holdDirectory(dir: Handle, name: RawPath): Handle;
  /** @returns false when the name is taken */
  makeDirectory(dir: Handle, name: RawPath, mode: number): boolean;
  /** Calls back once per entry but `.` and `..`; never answers `?`. */
  list(dir: Handle, entry: (name: RawPath, type: TypeLetter) => void): void;
  /**
   * Reads a directory below an open one without blocking; null where this system cannot. Rejects with SystemError, also for
   * reasons that `openDirectory` and `list` do not know: these have the last word.
   */
  readAhead(root: Handle, path: RawPath, options: ReadAheadOptions): Promise<DirectoryRead> | null;
  /** The same, only held as by `holdDirectory`. */
  holdAhead(root: Handle, path: RawPath): Promise<Handle> | null;
  /** Resolves, without blocking, when the storage of a path answers, whatever it says. */
  reach(path: RawPath): Promise<void>;
  /** Looks an entry up without blocking, and reads it if it is a link; null where this system cannot. Rejects with SystemError. */
  lookAhead(dir: Handle, name: RawPath): Promise<Looked> | null;
  /** Opens a file for reading without touching its access time where that is allowed, and without waiting on a FIFO. */
  openRead(dir: Handle, name: RawPath): Handle;
  /** Opens an existing file for writing, and for reading back; neither cut nor made. */
  openWrite(dir: Handle, name: RawPath): Handle;
  /**
   * Holds an entry without opening it: for a link, a FIFO, a socket, a device. Stat, owner, mode, times and attributes take
   * the handle; nothing can be read or written through it.
   */
  holdEntry(dir: Handle, name: RawPath): Handle;
  /**
   * Whether an entry still has the name that it was opened or held by, be it in another directory by now. null: /proc does not
   * tell. Where directories are not held either, the answer is yes.
   */
  keepsName(handle: Handle, name: RawPath): boolean | null;
  stat(handle: Handle): Stat;
  /** @returns null when there is no such entry */
  statAt(dir: Handle, name: RawPath): Stat | null;
  /** Follows links: for `--dereference` and the paths a person typed only. */
  statTarget(dir: Handle, name: RawPath): Stat;
  /** For `--dereference` only: opens what the name leads to, links followed. */
  openTarget(dir: Handle, name: RawPath, kind: 'f' | 'd'): Handle;
  /** @returns bytes read, 0 at the end of the file; position -1 reads on from the last read */
  read(handle: Handle, buffer: Buffer, offset: number, length: number, position: number): number;
  /** @returns bytes written, which may be fewer than asked */
  write(handle: Handle, buffer: Buffer, offset: number, length: number, position: number): number;
  /** A file without a name in this directory's file system, or null where there is no such thing. */
  createUnnamed(dir: Handle, mode: number): Handle | null;
  /** Throws EEXIST when the name is taken. */
  createNew(dir: Handle, name: RawPath, mode: number): Handle;
  /** Gives a hidden file its name. @returns false when the name is taken */
  linkUnnamed(handle: Handle, dir: Handle, name: RawPath): boolean;
  /** @returns false when the new name is taken */
  link(dir: Handle, name: RawPath, newDir: Handle, newName: RawPath): boolean;
  rename(dir: Handle, name: RawPath, newDir: Handle, newName: RawPath): void;
  /**
   * Gives an entry a new name in its directory that nothing has yet.
   * @returns false when the name is taken, null where the system or the file system cannot tell in one step
   */
  renameNew(dir: Handle, name: RawPath, newName: RawPath): boolean | null;
  unlink(dir: Handle, name: RawPath): void;
  removeDirectory(dir: Handle, name: RawPath): void;
  /** @returns false when the name is taken */
  symlink(target: RawPath, dir: Handle, name: RawPath): boolean;
  readlink(dir: Handle, name: RawPath): RawPath;
  /** Makes a FIFO, socket or device like the one described, for its owner alone. @returns false when the name is taken */
  makeSpecial(dir: Handle, name: RawPath, like: Stat): boolean;
  setMode(handle: Handle, mode: number): void;
  /** Cuts what is finer than `timeUnit`; the file system may cut more, and clamp. */
  setTimes(handle: Handle, like: Stat): void;
  setOwner(handle: Handle, uid: number, gid: number): void;
  truncate(handle: Handle, size: number): void;
  /** Start of the next data at or after `position`: `size` when only a hole is left, null when holes are not told. */
  nextData(handle: Handle, position: number, size: number): number | null;
  nextHole(handle: Handle, position: number, size: number): number;
  /** Shares the source's blocks. @returns null, or the code of why not */
  clone(source: Handle, destination: Handle): string | null;
  /** null where the file system or the driver has none. */
  xattrs: ExtendedAttributes | null;
  sync(handle: Handle): void;
  /**
   * Locks an open file without waiting, against other open handles of it on this machine and, where the file system tells
   * them, on others. An exclusive lock needs a handle for writing. It ends with the handle, or the process.
   * @returns false when a lock of somebody else stands against it, null when there are no locks here
   */
  lock(handle: Handle, kind: 'shared' | 'exclusive'): boolean | null;
  /**
   * Throws the late write errors that `close` would, and keeps the handle with its lock.
   * @returns false where only closing tells
   */
  flush(handle: Handle): boolean;
  /** Asks the kernel to forget what it caches of the file, so that a read comes from the disk. */
  dropCache(handle: Handle): void;
  space(dir: Handle): Space;
  /**
   * The first bytes of an open file, which must be there, as memory shared with whoever has it open. null where that is
   * not to be had, or not safe: only a file in memory cannot turn out to have no room when a byte is set.
   */
  map(handle: Handle, bytes: number): ArrayBuffer | null;
  close(handle: Handle): void;
}

/** Extended attributes, POSIX ACLs among them as `system.posix_acl_*`. */
export interface ExtendedAttributes {
  list(handle: Handle): RawPath[];
  /** Whether an open directory has the attribute; no matter why not. */
  has(handle: Handle, attribute: RawPath): boolean;
  get(handle: Handle, attribute: RawPath): Buffer;
  set(handle: Handle, attribute: RawPath, value: Buffer): void;
  remove(handle: Handle, attribute: RawPath): void;
}
