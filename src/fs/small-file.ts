import { constants } from 'node:os';
import type { RawPath } from '../api/names.ts';
import { type Handle, NO_UNNAMED_FILES, NOT_COPIED, OTHER_FILE, type SmallTerms } from './file-system.ts';
import * as flags from './flags.ts';
import * as libc from './libc-calls.ts';
import { STATX_MASK, STATX_MASK_QUIET, STATX_SIZE, unitOf } from './statx.ts';
import { systemError } from './system-error.ts';

const AT_EMPTY_PATH = 0x1000;
const { EACCES, EEXIST, EINTR, EINVAL, EISDIR, ENOENT, ENOSYS, EOPNOTSUPP, EPERM, EXDEV } = constants.errno;
/** Kernels and file systems without unnamed files. */
const NO_UNNAMED = [EOPNOTSUPP, EISDIR, ENOENT, EINVAL];
/** The name is taken; or an unnamed file cannot get one in this way. */
const NO_LINK = [EEXIST, EPERM, EACCES, ENOSYS, EXDEV, EOPNOTSUPP, ENOENT, EINVAL];
const S_IFMT = 0o170000;
const S_IFREG = 0o100000;
/** Bytes: smaller files have no holes. */
const HOLE_UNIT = 4096;
/** Words of struct statx. */
const ATIME = 16;
const CTIME = 24;
const MTIME = 28;
const READ = flags.O_RDONLY | flags.O_NOFOLLOW | flags.O_NONBLOCK | flags.O_NOCTTY | flags.O_CLOEXEC;
const UNNAMED = flags.O_TMPFILE | flags.O_RDWR | flags.O_CLOEXEC;

const statBuffer = Buffer.alloc(STATX_SIZE);
/** struct statx, by 32-bit words (see `statx.ts`). */
const stat = new Uint32Array(statBuffer.buffer, statBuffer.byteOffset, STATX_SIZE / 4);
const nowBuffer = Buffer.alloc(STATX_SIZE);
const now = new Uint32Array(nowBuffer.buffer, nowBuffer.byteOffset, STATX_SIZE / 4);
const timesBuffer = Buffer.alloc(32);
/** Two struct timespec, by 32-bit words. */
const times = new Uint32Array(timesBuffer.buffer, timesBuffer.byteOffset, 8);

/**
 * See `FileSystem.copySmall`. Most files of most trees are copied by this one function: each function in between costs as much as
 * a part of a call.
 */
export function copySmallFile(sourceDir: Handle, destinationDir: Handle, name: RawPath, terms: SmallTerms): number {
  const memory = libc.addressOf(terms.buffer);
  const cname = libc.cname(name);
  let source = libc.openat(sourceDir, cname, READ | flags.O_NOATIME, 0);
  // O_NOATIME needs ownership or CAP_FOWNER.
  if (source < 0 && libc.errno() === EPERM) source = libc.openat(sourceDir, cname, READ, 0);
  if (source < 0) return refused('open');
  let copy = -1;
  try {
    if (libc.statx(source, '', AT_EMPTY_PATH, STATX_MASK, statBuffer) < 0) return refused('stat');
    if (!isSmall(terms)) return OTHER_FILE;
    const size = stat[10] as number;
    terms.size = size;
    copy = libc.openat(destinationDir, '.', UNNAMED, (stat[7] as number) & 0o777);
    if (copy < 0) return NO_UNNAMED.includes(libc.errno()) ? NO_UNNAMED_FILES : refused('create');
    // A byte more, to see that there is none: the file has grown, or is one of /proc, whose sizes are 0.
    const read = libc.read(source, memory, size + 1);
    if (read !== size) return read < 0 ? refused('read') : NOT_COPIED;
    if (!isUnchanged(source)) return NOT_COPIED;
    const written = size === 0 ? 0 : libc.write(copy, memory, size);
    if (written !== size) return written < 0 ? refused('write') : NOT_COPIED;
    if (libc.futimens(copy, timesBuffer) < 0) return NOT_COPIED;
    if (!isKnown(terms) && !areKept(copy, terms)) return NOT_COPIED;
    if (terms.guard !== null) terms.guard();
    if (libc.linkat(copy, '', destinationDir, cname, AT_EMPTY_PATH) < 0) return refused('link', NO_LINK);
    const done = copy;
    copy = -1;
    return libc.close(done) < 0 ? closed(size) : size;
  } finally {
    libc.close(source);
    if (copy >= 0) libc.close(copy);
  }
}

// What another way of copying may still do is not an error.
function refused(step: string, codes: readonly number[] = []): number {
  const errno = libc.errno();
  if (errno === EINTR || codes.includes(errno)) return NOT_COPIED;
  throw systemError(errno, step);
}

function closed(size: number): number {
  // On Linux closed too. Other codes are late write errors (NFS, quota).
  if (libc.errno() === EINTR) return size;
  throw systemError(libc.errno(), 'close');
}

// Whether the file that `stat` describes is a case for it; then `times` has its times.
function isSmall({ buffer, below }: SmallTerms): boolean {
  const size = stat[10] as number;
  const isPlain = ((stat[7] as number) & S_IFMT) === S_IFREG && stat[4] === 1 && stat[11] === 0;
  if (!isPlain || size >= below || size >= buffer.length) return false;
  if (size >= HOLE_UNIT && (stat[12] as number) * 512 < size) return false;
  return takeTime(ATIME, 0) && takeTime(MTIME, 4);
}

// Otherwise what was read may be partly new, or newer than its time. The access time is not asked for (see `STATX_MASK_QUIET`).
function isUnchanged(source: Handle): boolean {
  if (libc.statx(source, '', AT_EMPTY_PATH, STATX_MASK_QUIET, nowBuffer) < 0) return false;
  return (
    now[MTIME + 2] === stat[MTIME + 2] &&
    now[MTIME] === stat[MTIME] &&
    now[CTIME + 2] === stat[CTIME + 2] &&
    now[CTIME] === stat[CTIME]
  );
}

// From a struct statx_timestamp to a struct timespec. False for times that file systems clamp.
function takeTime(from: number, to: number): boolean {
  if (stat[from + 1] !== 0 || (stat[from] as number) >= 2 ** 31) return false;
  times[to] = stat[from] as number;
  times[to + 2] = stat[from + 2] as number;
  return true;
}

// Whether it is known that the destination stores these times exactly.
function isKnown({ keptTo }: SmallTerms): boolean {
  const { atime, mtime } = keptTo;
  return atime <= 1e9 && mtime <= 1e9 && (times[2] as number) % atime === 0 && (times[6] as number) % mtime === 0;
}

// Looks whether it has stored them, and remembers that it stores such times.
function areKept(copy: Handle, { keptTo }: SmallTerms): boolean {
  if (libc.statx(copy, '', AT_EMPTY_PATH, STATX_MASK, statBuffer) < 0) return false;
  if (stat[ATIME] !== times[0] || stat[ATIME + 2] !== times[2]) return false;
  if (stat[MTIME] !== times[4] || stat[MTIME + 2] !== times[6]) return false;
  keptTo.atime = Math.min(keptTo.atime, unitOf(times[0] as number, times[2] as number));
  keptTo.mtime = Math.min(keptTo.mtime, unitOf(times[4] as number, times[6] as number));
  return true;
}
