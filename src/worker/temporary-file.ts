import type { RawPath } from '../api/names.ts';
import { attempt } from '../fs/entry-error.ts';
import type { FileSystem, Handle } from '../fs/file-system.ts';
import { removeStale, temporaryNamesIn } from '../fs/stale-temporary.ts';
import { orNull } from '../fs/system-error.ts';
import { parseTemporaryName, temporaryName } from '../fs/temporary-name.ts';
import type { Context, Entry } from './context.ts';

/** A file under a temporary name. */
export interface NamedFile {
  handle: Handle;
  temporary: RawPath;
  /** Its mode, if it is known. */
  madeAs?: number;
}

/** The mode of a file that only its owner may open so far. */
export const GUARDED = 0o600;

/** Failed locks before locking is given up; more than one, since a lock also fails when another run has just removed the file. */
const MOST_REFUSALS = 3;

/** Whether the destination supports locks, as far as known. */
export function canLock({ fs, learned }: Context): boolean {
  return fs.name === 'libc' && learned.lockRefusals < MOST_REFUSALS;
}

/** Begins a file under a temporary name, locked where possible, so that no other run treats it as stale. */
export function beginNamed(context: Context, entry: Entry, mode: number): NamedFile {
  const { fs, learned } = context;
  for (; canLock(context); learned.lockRefusals++) {
    const made = context.ahead.takeMade(entry.destinationDir, mode);
    const file = made ?? beginUnlocked(context, entry, mode, { willBeLocked: true });
    let isHeld = false;
    try {
      // Another run may have removed it before it was locked.
      const isLocked = fs.lock(file.handle, 'exclusive') === true;
      const { nlink, mode: madeAs } = fs.stat(file.handle);
      if (isLocked && nlink > 0) {
        makeNext(context, entry.destinationDir);
        isHeld = true;
        return { ...file, madeAs };
      }
    } finally {
      if (!isHeld) discard(fs, entry.destinationDir, file);
    }
  }
  return beginUnlocked(context, entry, mode);
}

function makeNext({ ahead, heartbeat, config, job }: Context, dir: Handle): void {
  ahead.make(dir, () => {
    heartbeat.guard();
    return temporaryName(config.runMark, job, true);
  });
}

/** Removes what was made ahead in the directory and nobody wanted. */
export async function discardMade(context: Context, dir: Handle): Promise<void> {
  for (const file of await context.ahead.takeAllMade()) orNull(() => discard(context.fs, dir, file));
}

/** The same without a lock, for a file that others open and lock by name. */
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
  context.ahead.made(destinationDir);
  return { handle, temporary };
}

/**
 * Creates an entry under a temporary name. A name may be taken, by someone who saw earlier names of this run or by a worker that
 * died of the same job.
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
  // It may be gone; otherwise the next run removes it.
  orNull(() => fs.unlink(dir, temporary));
}

/**
 * Removes temporary files that killed runs left in this destination directory, except names that the source has too and files
 * made since this run began. A destination that the run made has none.
 */
export function sweep(context: Context, sourceDir: Handle, dir: Handle): void {
  const { fs, config } = context;
  if (config.dryRun || !config.merged) return;
  // A failure of this listing does not matter.
  for (const name of orNull(() => temporaryNamesIn(fs, dir)) ?? []) {
    const isKept = config.partial && parseTemporaryName(name)?.isPartial;
    if (isKept || name === config.single?.to) continue;
    // Another worker may be first, or it is not permitted: the file stays for a later run.
    orNull(() => fs.statAt(sourceDir, name) === null && removeStale(fs, dir, name, { before: config.beganMs }));
  }
}
