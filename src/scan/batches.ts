import type { Found } from '../api/events.ts';
import { isIn, join, type RawPath, splitPath } from '../api/names.ts';
import type { TypeLetter } from '../fs/file-system.ts';
import { kindOf } from '../protocol/kind.ts';
import type { ScanListener, ScanOptions } from './scan.ts';

/**
 * Entries of one job: enough to make its two messages cheap (each costs as much as `-u` for 30 unchanged files), few enough
 * to share out at the end.
 */
const ENTRIES_PER_JOB = 512;
const ENTRIES_PER_FIRST_JOB = 256;
/**
 * On slow storage each entry takes ten round trips or more, and workers in the same directory wait for each other. There a job that
 * holds a few entries ends with its directory; in a big directory it ends before its worker would return the rest.
 */
const ENTRIES_PER_LATE_JOB = { least: 8, most: 16 };
/** Where sizes are known, a job ends with this many bytes: some milliseconds of work. */
const BYTES_PER_JOB = 4 * 1024 * 1024;
/** The first jobs are smaller: they decide how many workers are started. */
const FIRST_FILES = 1000;
const BYTES_PER_FIRST_JOB = 512 * 1024;

interface Group {
  dir: RawPath;
  names: RawPath[];
  types: TypeLetter[];
  sweeps?: false;
}

interface Batch {
  groups: Group[];
  /** Of the groups. */
  last: Group | null;
  entries: number;
  bytes: number;
  since: number;
}

/** Directories of one parent that may be deferred (see `deferredDirs`). */
const MAX_DEFERRED_DIRS = 10_000;

/** A batch that is not full is sent after this many milliseconds: workers must not wait for a slow listing. */
const MAX_BATCH_AGE_MS = 10;

/** Groups listed entries into jobs and counts them. */
export class Batches {
  private readonly options: ScanOptions;
  private readonly found: Found;
  private readonly listener: ScanListener;
  private readonly waiting = new Set<Promise<void>>();
  private open: Batch | null = null;
  /**
   * Slow storage only: directories that are not created yet. Each is sent with its first entries to the worker that fills it,
   * because concurrent mkdirs in one parent wait for each other. Empty ones are sent when the listing leaves their parent.
   */
  private readonly deferredDirs: { dir: RawPath; names: Set<RawPath> }[] = [];
  private lastDir: RawPath | null = null;

  constructor(options: ScanOptions, found: Found, listener: ScanListener) {
    this.options = options;
    this.found = found;
    this.listener = listener;
  }

  /** @param size bytes, or null when it is not known */
  add(dir: RawPath, name: RawPath, type: TypeLetter, size: number | null): void {
    const { found, options, listener } = this;
    if (!options.special && isSpecial(type)) return listener.skipped(join(dir, name), kindOf(type));
    // A file of unknown size is not skipped: the worker that opens it reports the error.
    if (type === 'f' && size !== null && (size < options.minSize || size > options.maxSize)) return;
    if (type === 'd') found.directories++;
    else found.files++;
    // The count ahead adds up the sizes it could read; the listing for the copy leaves the total to it if it lacks one.
    if (type === 'f' && size === null && !options.sizes) found.bytes = null;
    if (found.bytes !== null) found.bytes += size ?? 0;
    if (options.observer?.holdBack({ dir, name, type, size: size ?? 0 })) return;
    const isFirst = dir !== this.lastDir;
    this.lastDir = dir;
    if (isFirst) this.leave(dir);
    // The first entry of a directory is never deferred: its job is what makes that directory known to the workers.
    if (type === 'd' && !isFirst && options.latency.isLate && this.defer(dir, name)) return;
    const batch = this.roomyBatch(dir);
    if (isFirst) this.make(dir, batch);
    put(batch, dir, name, type, size);
  }

  /** Sends everything that is left, when the listing has ended. */
  async end(): Promise<void> {
    this.leave(null);
    this.flush();
    await this.room();
  }

  private defer(dir: RawPath, name: RawPath): boolean {
    let last = this.deferredDirs.at(-1);
    if (last?.dir !== dir) {
      last = { dir, names: new Set() };
      this.deferredDirs.push(last);
    }
    if (last.names.size >= MAX_DEFERRED_DIRS) return false;
    last.names.add(name);
    return true;
  }

  // Sends a deferred directory, before its first entry.
  private make(path: RawPath, batch: Batch): void {
    const [dir, name] = splitPath(path);
    const above = this.deferredDirs.at(-1);
    if (above?.dir !== dir || !above.names.delete(name)) return;
    putDeferred(batch, dir, name);
  }

  // The listing continues in another directory; null: it has ended.
  private leave(to: RawPath | null): void {
    for (let last = this.deferredDirs.at(-1); last !== undefined; last = this.deferredDirs.at(-1)) {
      if (to !== null && isIn(to, last.dir)) return;
      this.deferredDirs.pop();
      for (const name of last.names) putDeferred(this.roomyBatch(last.dir), last.dir, name);
    }
  }

  private flush(): void {
    if (this.open === null) return;
    const { groups } = this.open;
    this.open = null;
    const joined = groups.map(({ names, types, ...group }) => ({
      ...group,
      names: names.join('/'),
      types: types.join(''),
    }));
    const job = { kind: 'entries', groups: joined } as const;
    const put = this.listener.put(job);
    this.waiting.add(put);
    const forget = (): void => void this.waiting.delete(put);
    put.then(forget, forget);
  }

  /** Resolves when everything sent has been taken. */
  async room(): Promise<void> {
    if (this.open !== null && performance.now() - this.open.since > MAX_BATCH_AGE_MS) this.flush();
    if (this.waiting.size > 0) {
      await Promise.all(this.waiting);
      // Workers that have enough do not wait for this one.
      if (this.open !== null) this.open.since = performance.now();
    }
    await this.listener.ready?.();
  }

  private roomyBatch(dir: RawPath): Batch {
    if (this.open !== null && this.hasRoom(this.open, dir)) return this.open;
    this.flush();
    this.open = { groups: [], last: null, entries: 0, bytes: 0, since: performance.now() };
    return this.open;
  }

  private hasRoom({ last, entries, bytes }: Batch, dir: RawPath): boolean {
    if (this.options.latency.isLate) {
      const { least, most } = ENTRIES_PER_LATE_JOB;
      return entries < (last?.dir === dir ? most : least);
    }
    const isFirst = this.found.files <= FIRST_FILES;
    return (
      entries < (isFirst ? ENTRIES_PER_FIRST_JOB : ENTRIES_PER_JOB) &&
      bytes < (isFirst ? BYTES_PER_FIRST_JOB : BYTES_PER_JOB)
    );
  }
}

function put(batch: Batch, dir: RawPath, name: RawPath, type: TypeLetter, size: number | null): void {
  const group = batch.last?.dir === dir ? batch.last : begin(batch, { dir, names: [], types: [] });
  group.names.push(name);
  group.types.push(type);
  batch.entries++;
  batch.bytes += size ?? 0;
}

function begin(batch: Batch, group: Group): Group {
  batch.groups.push(group);
  batch.last = group;
  return group;
}

// Its own directory's first entries were sent before.
function putDeferred(batch: Batch, dir: RawPath, name: RawPath): void {
  if (batch.last?.dir !== dir) begin(batch, { dir, names: [], types: [], sweeps: false });
  put(batch, dir, name, 'd', null);
}

function isSpecial(type: TypeLetter): boolean {
  return type === 'p' || type === 's' || type === 'c' || type === 'b';
}
