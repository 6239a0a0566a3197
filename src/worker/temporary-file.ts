import type { RawPath } from '../api/names.ts';
import { attempt } from '../fs/entry-error.ts';
import type { FileSystem, Handle } from '../fs/file-system.ts';
import { orNull } from '../fs/system-error.ts';
import { temporaryName } from '../fs/temporary-name.ts';
import type { Context, Entry } from './context.ts';

/** A file under a temporary name. */
export interface NamedFile {
  handle: Handle;
  temporary: RawPath;
  /** Its mode, where the file system has told. */
  madeAs?: number;
}

/** The mode of a file that nobody but its owner may open so far. */
export const GUARDED = 0o600;

/** One refusal would be enough, if a file that was just removed could be told from a file system that counts no names. */
const MOST_REFUSALS = 3;

/** Whether the destination locks files, as far as is known. */
export function canLock({ fs, learned }: Context): boolean {
  return fs.name === 'libc' && learned.lockRefusals < MOST_REFUSALS;
}

/** Begins a file under a temporary name, locked where that is possible, so that no other run takes it for a dead one's. */
export function beginNamed(context: Context, entry: Entry, mode: number): NamedFile {
  const { fs, learned } = context;
  for (; canLock(context); learned.lockRefusals++) {
    const file = beginUnlocked(context, entry, mode, { willBeLocked: true });
    let isHeld = false;
    try {
      // Another run's sweep may have found it before it was locked, and removed it.
      const isLocked = fs.lock(file.handle, 'exclusive') === true;
      const { nlink, mode: madeAs } = fs.stat(file.handle);
      isHeld = isLocked && nlink > 0;
      if (isHeld) return { ...file, madeAs };
    } finally {
      if (!isHeld) discard(fs, entry.destinationDir, file);
    }
  }
  return beginUnlocked(context, entry, mode);
}

/** The same without a lock, for a file that others open and lock by its name. */
export function beginUnlocked(
  context: Context,
  entry: Entry,
  mode = GUARDED,
  { willBeLocked = false, mark = context.config.runMark } = {},
): NamedFile {
  const { fs, heartbeat } = context;
  const { destinationDir, path } = entry;
  heartbeat.guard();
  let handle: Handle = -1;
  const temporary = underTemporaryName({ job: context.job, mark }, willBeLocked, (name) => {
    const made = attempt(path, 'destination', 'create', () =>
      orNull(() => fs.createNew(destinationDir, name, mode), 'EEXIST'),
    );
    if (made !== null) handle = made;
    return made !== null;
  });
  return { handle, temporary };
}

/**
 * Makes something under a temporary name. Who sees the names of this run may have taken the next ones, and so may a worker
 * that died of the same job.
 * @param make returns false when the name is taken
 */
export function underTemporaryName(
  { mark, job }: { mark: string; job: number },
  isLocked: boolean,
  make: (name: RawPath) => boolean,
): RawPath {
  for (;;) {
    const name = temporaryName(mark, job, isLocked);
    if (make(name)) return name;
  }
}

function discard(fs: FileSystem, dir: Handle, { handle, temporary }: NamedFile): void {
  fs.close(handle);
  // It may be gone, or stays for the next run.
  orNull(() => fs.unlink(dir, temporary));
}
