import type { RawPath } from '../api/names.ts';
import type { AskAhead } from './ask-ahead.ts';
import type { DirectoryRead, Looked, ReadAheadOptions } from './read-ahead.ts';

/** One letter per type of entry, as used in jobs. `?` is unknown to the listing. */
export type TypeLetter = 'f' | 'd' | 'l' | 'p' | 's' | 'c' | 'b' | '?';

/** The result of statx. Times are seconds and nanoseconds since 1970, seconds may be negative. */
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
  /** ctime, in milliseconds since 1970; it cannot be set. */
  changedMs: number;
  /** Device and inode number, which identify a file. */
  identity: string;
  rdevMajor: number;
  rdevMinor: number;
}

/** The device of an identity. */
export function deviceOf({ identity }: Pick<Stat, 'identity'>): string {
  return identity.split(':', 2).join(':');
}

export interface Space {
  /** Bytes available to an ordinary user. */
  free: number;
  /** Inodes are left, or are created on demand. */
  hasInodes: boolean;
  /** A network file system, as far as known. */
  network: boolean;
  /** Stores modification times in even seconds. */
  evenSeconds: boolean;
}

/** An open directory or file. On systems without openat it represents a path. */
export type Handle = number;

/** Stands for what need not be opened. */
export const NOT_OPEN: Handle = -1;

/** Closes the handle when `use` has returned or thrown. */
export function withHandle<T>(fs: Pick<FileSystem, 'close'>, handle: Handle, use: (handle: Handle) => T): T {
  try {
    return use(handle);
  } finally {
    fs.close(handle);
  }
}

/**
 * The operating system calls that the copier needs. All are relative to an open directory, and none follows symbolic links except
 * `openRoot` (for typed paths). Calls throw `SystemError`. Names are bytes.
 */
export interface FileSystem {
  readonly name: 'libc' | 'node';
  /** Resolution in nanoseconds of the times that it can set. */
  readonly timeUnit: number;
  /**
   * Opens a directory. One with search but no read permission is held as by `holdEntry`, and listing it fails with EACCES; the same
   * goes for all calls that open directories.
   */
  openRoot(path: RawPath): Handle;
  openDirectory(dir: Handle, name: RawPath): Handle;
  /** As `openRoot`, but only held, as by `holdDirectory`. */
  holdRoot(path: RawPath): Handle;
  /**
   * The same for a directory that is mostly only traversed: held without opening (O_PATH) where possible, which saves a request to
   * the storage. It can be listed, but not synced.
   */
  holdDirectory(dir: Handle, name: RawPath): Handle;
  /** @returns false when the name is taken */
  makeDirectory(dir: Handle, name: RawPath, mode: number): boolean;
  /** Calls back once per entry except `.` and `..`, never with `?`. */
  list(dir: Handle, entry: (name: RawPath, type: TypeLetter) => void): void;
  /**
   * Reads a directory below an open one without blocking; null where that is not supported. Rejects with SystemError, in more
   * cases than `openDirectory` and `list`, which decide.
   */
  readAhead(root: Handle, path: RawPath, options: ReadAheadOptions): Promise<DirectoryRead> | null;
  /** The same, but only holds it, as `holdDirectory`. */
  holdAhead(root: Handle, path: RawPath): Promise<Handle> | null;
  /** Resolves, without blocking, when the storage of a path answers, with any result. */
  reach(path: RawPath): Promise<void>;
  /** null where that is not supported. */
  readonly askAhead: AskAhead | null;
  /** Looks an entry up without blocking, and reads it if it is a link; null where that is not supported. Rejects with SystemError. */
  lookAhead(dir: Handle, name: RawPath): Promise<Looked> | null;
  /** Opens a file for reading, without updating its access time where that is allowed, and without blocking on a FIFO. */
  openRead(dir: Handle, name: RawPath): Handle;
  /** Opens an existing file for reading and writing; neither truncates nor creates it. */
  openWrite(dir: Handle, name: RawPath): Handle;
  /**
   * Holds a link, a FIFO, a socket or a device without opening it. The handle is accepted for stat, owner, mode, times and
   * attributes, not for reading and writing.
   */
  holdEntry(dir: Handle, name: RawPath): Handle;
  /**
   * Whether an open or held entry still has this name, in whatever directory. null: /proc does not tell. Where directories are
   * not held either, the answer is true.
   */
  keepsName(handle: Handle, name: RawPath): boolean | null;
  stat(handle: Handle): Stat;
  /**
   * The state of a directory as the kernel knows it, without asking the storage. Only type, identity, owner and mode are exact: its
   * contents may have changed since.
   */
  statKnown(dir: Handle): Stat;
  /** @returns null when there is no such entry */
  statAt(dir: Handle, name: RawPath): Stat | null;
  /** Follows links; only for `--dereference` and typed paths. */
  statTarget(dir: Handle, name: RawPath): Stat;
  /** Opens with links followed; only for `--dereference`. */
  openTarget(dir: Handle, name: RawPath, kind: 'f' | 'd'): Handle;
  /** @returns bytes read, 0 at the end of the file; position -1 continues after the last read */
  read(handle: Handle, buffer: Buffer, offset: number, length: number, position: number): number;
  /** @returns bytes written, which may be fewer than requested */
  write(handle: Handle, buffer: Buffer, offset: number, length: number, position: number): number;
  /** Creates a file without a name (O_TMPFILE) in this directory's file system; null where that is not supported. */
  createUnnamed(dir: Handle, mode: number): Handle | null;
  /** Throws EEXIST when the name is taken. */
  createNew(dir: Handle, name: RawPath, mode: number): Handle;
  /** Gives an unnamed file a name. @returns false when the name is taken */
  linkUnnamed(handle: Handle, dir: Handle, name: RawPath): boolean;
  /** @returns false when the new name is taken */
  link(dir: Handle, name: RawPath, newDir: Handle, newName: RawPath): boolean;
  rename(dir: Handle, name: RawPath, newDir: Handle, newName: RawPath): void;
  /**
   * Renames an entry within its directory without replacing anything.
   * @returns false when the name is taken, null where that is not supported in one call
   */
  renameNew(dir: Handle, name: RawPath, newName: RawPath): boolean | null;
  unlink(dir: Handle, name: RawPath): void;
  removeDirectory(dir: Handle, name: RawPath): void;
  /** @returns false when the name is taken */
  symlink(target: RawPath, dir: Handle, name: RawPath): boolean;
  readlink(dir: Handle, name: RawPath): RawPath;
  /** Makes a FIFO, socket or device of this type, accessible only to its owner. @returns false when the name is taken */
  makeSpecial(dir: Handle, name: RawPath, like: Stat): boolean;
  setMode(handle: Handle, mode: number): void;
  /** Truncates times to `timeUnit`; the file system may truncate further, and clamp. */
  setTimes(handle: Handle, like: Stat): void;
  setOwner(handle: Handle, uid: number, gid: number): void;
  truncate(handle: Handle, size: number): void;
  /** Start of the next data at or after `position`: `size` when only a hole is left, null when holes are not reported. */
  nextData(handle: Handle, position: number, size: number): number | null;
  nextHole(handle: Handle, position: number, size: number): number;
  /** Shares the source's blocks. @returns null, or the error code */
  clone(source: Handle, destination: Handle): string | null;
  /** null when the file system or the driver has none. */
  xattrs: ExtendedAttributes | null;
  sync(handle: Handle): void;
  /**
   * Locks an open file without waiting, against other open handles on this machine and, if the file system supports it, on others.
   * An exclusive lock needs a handle for writing. The lock ends with the handle or the process.
   * @returns false when another lock conflicts, null when locks are not supported
   */
  lock(handle: Handle, kind: 'shared' | 'exclusive'): boolean | null;
  /**
   * Closes a file, as `close` does, and keeps its locks, where there are any.
   * @returns what ends them
   */
  closeLocked(handle: Handle): () => void;
  /**
   * Copies a small regular file that has one name at the source and none at the destination: content, permissions (under a umask of
   * 0) and times. It gets its name when all of that is done.
   * @returns bytes; or OTHER_FILE, NOT_COPIED or NO_UNNAMED_FILES when nothing was done. Throws SystemError, whose `syscall` is the
   * step that failed: open, stat or read of the source, create, write, link or close of the destination
   */
  copySmall(sourceDir: Handle, destinationDir: Handle, name: RawPath, terms: SmallTerms): number;
  /** Asks the kernel to drop the file from its cache, so that it is read from the disk. */
  dropCache(handle: Handle): void;
  space(dir: Handle): Space;
  /**
   * Maps the first bytes of an open file, which must exist, as shared memory. null where that is not supported or not safe: only a
   * file in memory cannot run out of space when a byte is set.
   */
  map(handle: Handle, bytes: number): ArrayBuffer | null;
  close(handle: Handle): void;
}

/** It is no such file, or not supported. */
export const OTHER_FILE = -1;
/** The name is taken, or this way of copying is refused. */
export const NOT_COPIED = -2;
/** The destination has no unnamed files. */
export const NO_UNNAMED_FILES = -3;

export interface SmallTerms {
  /** For the content. */
  buffer: Buffer;
  /** Bytes. Files of this size, or that of the buffer, are not small. */
  below: number;
  /** The destination is known to store multiples of these units (nanoseconds) exactly; what is found out about others is added. */
  keptTo: { atime: number; mtime: number };
  /** Set to that of a small file, in bytes, before it is copied. */
  size: number | null;
  /** Called before the copy gets its name, which it does not get if this throws. */
  guard: (() => void) | null;
}

/** Extended attributes, POSIX ACLs among them as `system.posix_acl_*`. */
export interface ExtendedAttributes {
  list(handle: Handle): RawPath[];
  /** Whether an open directory has the attribute; false on any error. */
  has(handle: Handle, attribute: RawPath): boolean;
  get(handle: Handle, attribute: RawPath): Buffer;
  set(handle: Handle, attribute: RawPath, value: Buffer): void;
  remove(handle: Handle, attribute: RawPath): void;
}
