import { RefusedError } from '../errors.ts';
import type { Found } from '../events.ts';
import type { FileSystem, Space } from '../fs/file-system.ts';
import { isWithin, listMounts } from './mounts.ts';
import type { Plan } from './prepare.ts';

/**
 * Throws RefusedError when the destination has not the bytes or inodes for the source. Listing everything first would
 * double the work of a run, so that is done only where it can matter: not when the whole file system the source lies on
 * would fit.
 */
export async function checkSpace(fs: FileSystem, plan: Plan, measure: () => Promise<Found>): Promise<void> {
  const free = spaceOf(fs, plan.destination.path);
  const there = spaceOf(fs, plan.source.path);
  const alone = !listMounts().some((m) => m.point !== plan.source.path && isWithin(m.point, plan.source.path));
  if (alone && there.used < free.free && (!free.countsInodes || there.usedInodes < free.freeInodes)) return;
  // What is there already may be replaced or left: how much that frees is not known before the run.
  if (plan.merged) return;
  const needed = await measure();
  const bytes = needed.bytes ?? 0;
  const inodes = needed.files + needed.directories;
  if (bytes > free.free) {
    throw lack(plan, `not enough space: ${bytes} bytes are needed, ${free.free} are free`);
  }
  if (free.countsInodes && inodes > free.freeInodes) {
    throw lack(plan, `not enough inodes: ${inodes} are needed, ${free.freeInodes} are free`);
  }
}

function spaceOf(fs: FileSystem, path: string): Space {
  const handle = fs.openRoot(path);
  try {
    return fs.space(handle);
  } finally {
    fs.close(handle);
  }
}

function lack(plan: Plan, message: string): RefusedError {
  return new RefusedError(plan.destination.path, message, 'ENOSPC');
}
