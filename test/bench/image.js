// A fresh file system in an image file. Each round gets a new one, so that nothing is ever removed (see isExt).
import { closeSync, ftruncateSync, mkdirSync, openSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { tool } from './command.js';
import { NotHere, requireSpace } from './workspace.js';

const SMALLEST = 512 * 1024 * 1024;
const OVERHEAD = 256 * 1024 * 1024;

/** Bytes of an image that has room for `bytes` bytes in files. */
export function imageSize(bytes) {
  return Math.max(SMALLEST, Math.ceil(bytes * 1.25) + OVERHEAD);
}

/**
 * Makes and mounts a `type` file system with room for `bytes` bytes and `inodes` inodes; the image lies in `dir`.
 * Resolves to `{ root, dispose }`. Throws a NotHere without root, mkfs or loop devices.
 */
export async function mountImage(type, { dir, bytes, inodes, signal }) {
  if (process.getuid?.() !== 0) throw new NotHere('needs root, for a loop device');
  const size = imageSize(bytes);
  requireSpace(dir, size);
  const image = join(dir, `${type}.image`);
  const root = join(dir, `${type}.mount`);
  mkdirSync(root, { recursive: true });
  const fd = openSync(image, 'w');
  ftruncateSync(fd, size);
  closeSync(fd);
  try {
    await tool([...mkfs(type, inodes), image], { signal });
    await tool(['mount', '-o', 'loop', image, root], { signal });
  } catch (error) {
    rmSync(image);
    if (signal.aborted) throw error;
    throw new NotHere(`cannot mount ${type}: ${error.message}`, { cause: error });
  }
  return {
    root,
    async dispose() {
      await tool(['umount', root]);
      rmSync(image);
    },
  };
}

function mkfs(type, inodes) {
  switch (type) {
    case 'ext4':
      // Lazy initialisation would write the inode tables in the background, during the measurement.
      return ['mkfs.ext4', '-q', '-F', '-N', String(inodes), '-E', 'lazy_itable_init=0,lazy_journal_init=0'];
    case 'xfs':
      return ['mkfs.xfs', '-q', '-f'];
    case 'btrfs':
      return ['mkfs.btrfs', '-q', '-f'];
    default:
      throw new Error(`no mkfs known for ${type}`);
  }
}
