import { opendirSync, statfsSync } from 'node:fs';
import { join, type RawPath, toBytes } from '../api/names.ts';
import { deviceOf, type FileSystem, type Handle, withHandle } from '../fs/file-system.ts';
import { orNull } from '../fs/system-error.ts';
import { runMark, temporaryName } from '../fs/temporary-name.ts';
import type { Mount } from './mounts.ts';
import { look } from './paths.ts';

/** What `prepare` knows of the two directories. */
interface Place {
  source: { path: RawPath };
  destination: { path: RawPath; identity: string };
  mounts: readonly Mount[];
}

/** f_type of Linux file systems that ignore case with some mount options or servers. */
const MAY_FOLD = new Set([
  0x4d44, // vfat
  0x2011bab0, // exfat
  0x5346544e, // ntfs
  0x7366746e, // ntfs3
  0x65735546, // fuse: ntfs-3g, exfat-fuse, virtiofs, folders shared with a virtual machine
  0xff534d42, // cifs
  0xfe534d42, // smb2
  0x517b, // smb
  0x01021997, // 9p: Windows drives in WSL
  0x2fc12fc1, // zfs
  0x4244, // hfs
  0x482b, // hfs+
]);

/** How many entries of an existing destination are tried. */
const TRIED = 16;

/**
 * The directories of the destination, relative to it, in and below which case is ignored: its top ('' alone), or file systems
 * mounted inside it. Only those that the source has a directory for are tested; the others may not answer.
 */
export function caseInsensitiveDirectories(fs: FileSystem, place: Place, dryRun: boolean): RawPath[] {
  const { source, destination, mounts } = place;
  if (destination.identity === '') return [];
  if (folds(fs, destination.path, dryRun)) return [''];
  const below = `${destination.path === '/' ? '' : destination.path}/`;
  return mounts
    .filter(({ point }) => point.startsWith(below) && point !== below)
    .map(({ point }) => point.slice(below.length))
    .filter((dir) => orNull(() => look(join(source.path, dir))) !== null)
    .filter((dir) => folds(fs, join(destination.path, dir), dryRun));
}

/**
 * Whether a directory ignores case, tested by looking up an existing name with its case swapped: its own in its parent (on
 * ext4 and f2fs a directory inherits this), or an entry's. Where that tells nothing and the file system may ignore case, or on
 * other systems than Linux, a temporary file is made, except in a dry run.
 */
function folds(fs: FileSystem, path: RawPath, dryRun: boolean): boolean {
  return (
    foldsOwnName(path) ||
    inDirectory(fs, path, (dir) => foldsAnEntry(fs, dir, path) || (!dryRun && mayFold(path) && foldsNew(fs, dir)))
  );
}

function mayFold(path: RawPath): boolean {
  if (process.platform !== 'linux') return true;
  return orNull(() => MAY_FOLD.has(statfsSync(toBytes(path)).type)) ?? false;
}

// A mount point's own name belongs to its parent's file system.
function foldsOwnName(path: RawPath): boolean {
  const slash = path.lastIndexOf('/');
  const name = path.slice(slash + 1);
  const other = swapCase(name);
  if (other === name) return false;
  const parent = path.slice(0, slash);
  const [own, above, swapped] = [path, parent || '/', `${parent}/${other}`].map((at) => orNull(() => look(at)));
  if (!own || !above || own.identity !== swapped?.identity) return false;
  return deviceOf(own) === deviceOf(above);
}

function foldsAnEntry(fs: FileSystem, dir: Handle, path: RawPath): boolean {
  try {
    const listing = opendirSync(toBytes(path), { encoding: 'latin1', bufferSize: TRIED });
    try {
      for (let tried = 0; tried < TRIED; tried++) {
        const name = listing.readSync()?.name;
        if (name === undefined) return false;
        const other = swapCase(name);
        if (other === name) continue;
        const [stat, swapped] = [fs.statAt(dir, name), fs.statAt(dir, other)];
        if (stat === null || swapped === null) return false;
        // Not two hard links whose names differ only in case.
        if (stat.identity === swapped.identity && (stat.type === 'd' || stat.nlink === 1)) return true;
      }
      return false;
    } finally {
      listing.closeSync();
    }
  } catch {
    return false;
  }
}

// Under a temporary name, which a later run removes if this one is killed between two calls.
function foldsNew(fs: FileSystem, dir: Handle): boolean {
  const name = temporaryName(runMark(), 0);
  const before = fs.stat(dir);
  const file = orNull(() => fs.createNew(dir, name, 0o600));
  if (file === null) return false; // The run will report it.
  fs.close(file);
  try {
    return fs.statAt(dir, name.toUpperCase()) !== null;
  } finally {
    fs.unlink(dir, name);
    // Where nothing is to be done in it, nothing is to be seen of this.
    orNull(() => fs.setTimes(dir, before));
  }
}

// ASCII only: every table folds that.
function swapCase(name: RawPath): RawPath {
  return name.replace(/[a-z]+|[A-Z]+/g, (run) => (run < 'a' ? run.toLowerCase() : run.toUpperCase()));
}

/** False too when it cannot be opened: the run will report that, if it needs it. */
function inDirectory(fs: FileSystem, path: RawPath, test: (dir: Handle) => boolean): boolean {
  const dir = orNull(() => fs.openRoot(path));
  return dir !== null && withHandle(fs, dir, test);
}
