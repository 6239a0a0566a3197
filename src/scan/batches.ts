import type { Found } from '../api/events.ts';
import { join, type RawPath } from '../api/names.ts';
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
const ENTRIES_PER_LATE_JOB = { least: 8, most: 32 };
/** Where sizes are known, a job ends when it holds this much: some milliseconds of work. */
const BYTES_PER_JOB = 4 * 1024 * 1024;
/** The first jobs hold less: they decide how many workers are started. */
const FIRST_FILES = 1000;
const BYTES_PER_FIRST_JOB = 512 * 1024;

interface Batch {
  groups: { dir: RawPath; names: RawPath[]; types: string }[];
  entries: number;
  bytes: number;
  since: number;
}

/** A batch that is not full is handed on after this many milliseconds: a slow listing must not make workers wait. */
const PATIENCE = 10;

/** Groups listed entries into jobs and counts them. */
export class Batches {
  private readonly options: ScanOptions;
  private readonly found: Found;
  private readonly listener: ScanListener;
  private readonly waiting = new Set<Promise<void>>();
  private open: Batch | null = null;

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
    const batch = this.roomyBatch(dir);
    let group = batch.groups.at(-1);
    if (group?.dir !== dir) {
      group = { dir, names: [], types: '' };
      batch.groups.push(group);
    }
    group.names.push(name);
    group.types += type;
    batch.entries++;
    batch.bytes += size ?? 0;
  }

  /** Hands on what there is. */
  flush(): void {
    if (this.open === null) return;
    const { groups } = this.open;
    this.open = null;
    const joined = groups.map(({ dir, names, types }) => ({ dir, names: names.join('/'), types }));
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

function isSpecial(type: TypeLetter): boolean {
  return type === 'p' || type === 's' || type === 'c' || type === 'b';
}
