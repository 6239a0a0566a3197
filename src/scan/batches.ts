import type { Found } from '../api/events.ts';
import { join, type RawPath, splitPath } from '../api/names.ts';
import type { TypeLetter } from '../fs/file-system.ts';
import { kindOf } from '../protocol/kind.ts';
import type { ScanListener, ScanOptions } from './scan.ts';

/**
 * Entries of one job: enough to make its two messages cheap (each costs what a `-u` of 30 unchanged files does), few enough
 * to share out at the end.
 */
const ENTRIES_PER_JOB = 512;
const ENTRIES_PER_FIRST_JOB = 256;
/**
 * Where storage answers late each entry is ten round trips or more, and whoever works in a directory alone waits for nobody:
 * there a job ends with its directory once it holds a few, and in a big one before a worker would hand the rest back.
 */
const ENTRIES_PER_LATE_JOB = { least: 8, most: 16 };
/** Where sizes are known, a job ends when it holds this much: some milliseconds of work. */
const BYTES_PER_JOB = 4 * 1024 * 1024;
/** The first jobs hold less: they decide how many workers are started. */
const FIRST_FILES = 1000;
const BYTES_PER_FIRST_JOB = 512 * 1024;

interface Batch {
  groups: { dir: RawPath; names: RawPath[]; types: string; sweeps?: false }[];
  entries: number;
  bytes: number;
  since: number;
}

/** So many directories of one parent may wait for what lies in them. */
const UNMADE = 10_000;

/** A batch that is not full is handed on after this many milliseconds: a slow listing must not make workers wait. */
const PATIENCE = 10;

interface Listed {
  dir: RawPath;
  name: RawPath;
  type: TypeLetter;
  size: number | null;
}

/** Groups listed entries into jobs and counts them. */
export class Batches {
  private readonly options: ScanOptions;
  private readonly found: Found;
  private readonly listener: ScanListener;
  private readonly waiting = new Set<Promise<void>>();
  private open: Batch | null = null;
  /**
   * Where storage answers late: directories of the one that the listing is in, and of those above it, that wait. Each goes with the
   * first entries that lie in it, to the worker that fills it: several that are made in one parent wait for each other. What is empty goes
   * before the listing has left the parent, as all that is in it.
   */
  private readonly unmade: { dir: RawPath; names: Set<RawPath> }[] = [];
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
    // A file whose size is not known is not skipped: whoever opens it will say what is wrong.
    if (type === 'f' && size !== null && (size < options.minSize || size > options.maxSize)) return;
    if (type === 'd') found.directories++;
    else found.files++;
    // A count is as good as what it could read; the listing for the copy leaves to it what it did not ask for itself.
    if (type === 'f' && size === null && !options.sizes) found.bytes = null;
    if (found.bytes !== null) found.bytes += size ?? 0;
    if (options.observer?.holdBack({ dir, name, type, size: size ?? 0 })) return;
    const isFirst = dir !== this.lastDir;
    this.lastDir = dir;
    if (isFirst) this.leave(dir);
    // The first entry shows the workers that there is such a directory.
    if (type === 'd' && !isFirst && options.latency.isLate && this.mayWait(dir, name)) return;
    const batch = this.roomyBatch(dir);
    if (isFirst) this.make(dir, batch);
    put(batch, { dir, name, type, size });
  }

  /** Hands on all that there is: the listing has ended. */
  async end(): Promise<void> {
    this.leave(null);
    this.flush();
    await this.room();
  }

  private mayWait(dir: RawPath, name: RawPath): boolean {
    let last = this.unmade.at(-1);
    if (last?.dir !== dir) {
      last = { dir, names: new Set() };
      this.unmade.push(last);
    }
    if (last.names.size >= UNMADE) return false;
    last.names.add(name);
    return true;
  }

  // Before anything that lies in the directory.
  private make(path: RawPath, batch: Batch): void {
    const [dir, name] = splitPath(path);
    const above = this.unmade.at(-1);
    if (above?.dir !== dir || !above.names.delete(name)) return;
    put(batch, { dir, name, type: 'd', size: null }, false);
  }

  // The listing goes on in another directory; null: nowhere.
  private leave(to: RawPath | null): void {
    for (let last = this.unmade.at(-1); last !== undefined; last = this.unmade.at(-1)) {
      if (to !== null && (last.dir === '' || to === last.dir || to.startsWith(`${last.dir}/`))) return;
      this.unmade.pop();
      for (const name of last.names)
        put(this.roomyBatch(last.dir), { dir: last.dir, name, type: 'd', size: null }, false);
    }
  }

  private flush(): void {
    if (this.open === null) return;
    const { groups } = this.open;
    this.open = null;
    const joined = groups.map(({ names, ...group }) => ({ ...group, names: names.join('/') }));
    const job = { kind: 'entries', groups: joined } as const;
    const put = this.listener.put(job);
    this.waiting.add(put);
    const forget = (): void => void this.waiting.delete(put);
    put.then(forget, forget);
  }

  /** Resolves when everything handed on has been taken. */
  async room(): Promise<void> {
    if (this.open !== null && performance.now() - this.open.since > PATIENCE) this.flush();
    if (this.waiting.size > 0) await Promise.all(this.waiting);
    await this.listener.ready?.();
  }

  private roomyBatch(dir: RawPath): Batch {
    if (this.open !== null && this.hasRoom(this.open, dir)) return this.open;
    this.flush();
    this.open = { groups: [], entries: 0, bytes: 0, since: performance.now() };
    return this.open;
  }

  private hasRoom({ groups, entries, bytes }: Batch, dir: RawPath): boolean {
    if (this.options.latency.isLate) {
      const { least, most } = ENTRIES_PER_LATE_JOB;
      return entries < (groups.at(-1)?.dir === dir ? most : least);
    }
    const isFirst = this.found.files <= FIRST_FILES;
    return (
      entries < (isFirst ? ENTRIES_PER_FIRST_JOB : ENTRIES_PER_JOB) &&
      bytes < (isFirst ? BYTES_PER_FIRST_JOB : BYTES_PER_JOB)
    );
  }
}

function put(batch: Batch, { dir, name, type, size }: Listed, sweeps?: false): void {
  let group = batch.groups.at(-1);
  if (group?.dir !== dir) {
    group = { dir, names: [], types: '', ...(sweeps === false && { sweeps }) };
    batch.groups.push(group);
  }
  group.names.push(name);
  group.types += type;
  batch.entries++;
  batch.bytes += size ?? 0;
}

function isSpecial(type: TypeLetter): boolean {
  return type === 'p' || type === 's' || type === 'c' || type === 'b';
}
