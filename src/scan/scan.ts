import type { Failure } from '../api/errors.ts';
import type { Found, Kind } from '../api/events.ts';
import type { RawPath } from '../api/names.ts';
import type { DirHandleCache } from '../fs/dir-handle-cache.ts';
import { entryError, toCopyError, toFailure } from '../fs/entry-error.ts';
import type { FileSystem } from '../fs/file-system.ts';
import type { EntriesJob } from '../protocol/jobs.ts';
import { Batches } from './batches.ts';
import { CallbackError } from './callbacks.ts';
import { LoopError } from './lister.ts';
import type { SubtreeFilter } from './subtree-filter.ts';
import { Cancelled, Turns } from './turns.ts';
import { type Selection, type WalkOptions, walk } from './walk.ts';

/**
 * The sizes of the first files are always read, and big ones end their jobs early: those jobs decide how many workers are
 * started, and a handful of big files in one directory is work for more than one. Not on slow storage, where reading the sizes takes
 * longer than it saves.
 */
const SIZED_FIRST = 1000;

/** How a source is listed. */
export interface ScanOptions extends Omit<WalkOptions, 'cancelled' | 'wantsSize' | 'onError' | 'gate' | 'select'> {
  selection: Selection;
  /** Copy FIFOs, sockets and devices; otherwise they are skipped and reported. */
  special: boolean;
  /** In bytes; files of other sizes are skipped. */
  minSize: number;
  maxSize: number;
  /** Only the contents of these directories are listed; an observer sees the others too. */
  within?: SubtreeFilter;
}

export interface ScanListener {
  /** Takes a job; the walk waits for the promise before it lists the next directory. */
  put: (job: EntriesJob) => Promise<void>;
  failed: (failure: Failure) => void;
  skipped: (path: RawPath, kind: Kind) => void;
  /** Pending while the reader of failures and skips lags. */
  ready?: () => Promise<void> | undefined;
  /** The listing stops when this returns true. */
  cancelled: () => boolean;
}

/** One listing of a source. */
export interface Listing {
  fs: FileSystem;
  tree: DirHandleCache;
  options: ScanOptions;
  /** Kept up to date. */
  found: Found;
  listener: ScanListener;
}

/** Lists the source and turns it into jobs, one directory's entries at a time. */
export async function scan({ fs, tree, options, found, listener }: Listing): Promise<void> {
  const batches = new Batches(options, found, listener);
  const turns = new Turns(listener.cancelled);
  const gate = async (): Promise<void> => {
    if (listener.cancelled()) throw new Cancelled();
    await batches.room();
    await turns.take();
  };

  try {
    const { selection, within, observer, latency } = options;
    const sizes = options.sizes || options.minSize > 0 || options.maxSize < Number.POSITIVE_INFINITY;
    let sized = 0;
    const wantsSize = (): boolean => sizes || (sized++ < SIZED_FIRST && !latency.isLate);
    const onError = (error: unknown, path: RawPath): void => listener.failed(listFailure(error, path));
    const select = within && observer === undefined ? { select: within.select } : {};
    const { cancelled } = listener;
    const listing = { ...options, sizes, cancelled, wantsSize, gate, onError, ...select };
    await walk(fs, tree, selection, listing, (dir, name, type, size) => {
      if (within === undefined || within.holds(dir)) batches.add(dir, name, type, size);
    });
    await batches.end();
    found.complete = true;
  } catch (error) {
    if (error instanceof CallbackError) throw error.cause;
    if (!(error instanceof Cancelled)) throw error;
  }
}

function listFailure(error: unknown, path: RawPath): Failure {
  const known =
    error instanceof LoopError
      ? entryError(path, 'source', 'follow', 'ELOOP', 'the link leads back to a directory it lies in')
      : toCopyError(error, path, 'source', 'list');
  return { ...toFailure(known, path), path, subtree: true };
}
