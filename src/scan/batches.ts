import type { Found } from '../events.ts';
import type { TypeLetter } from '../fs/file-system.ts';
import { join, type RawPath } from '../names.ts';
import { kindOf, type ScanListener, type ScanOptions } from './scan.ts';

/** Entries of one job: enough to make a message cheap beside the copying, few enough to share out at the end. */
const ENTRIES_PER_JOB = 256;
/** With sizes known: a job ends when it holds this much. */
const BYTES_PER_JOB = 32 * 1024 * 1024;

interface Batch {
  dir: RawPath;
  names: RawPath[];
  types: string;
  sizes: number[];
  bytes: number;
}

/** Groups listed entries into jobs, each of one directory, and counts them. */
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

  /** @param size bytes, or 0 when sizes are not taken */
  add(dir: RawPath, name: RawPath, type: TypeLetter, size: number): void {
    const { found, options, listener } = this;
    if (!options.special && isSpecial(type)) return listener.skipped(join(dir, name), kindOf(type));
    if (type === 'd') found.directories++;
    else found.files++;
    if (found.bytes !== null) found.bytes += size;
    const batch = this.batchFor(dir);
    batch.names.push(name);
    batch.types += type;
    batch.sizes.push(size);
    batch.bytes += size;
  }

  /** Hands on what there is. */
  flush(): void {
    if (this.open === null) return;
    const { dir, names, types, sizes } = this.open;
    this.open = null;
    const job = { kind: 'entries', dir, names: names.join('/'), types } as const;
    const put = this.listener.put({ job, sizes: this.options.sizes ? sizes : null });
    this.waiting.add(put);
    const forget = (): void => void this.waiting.delete(put);
    put.then(forget, forget);
  }

  /** Resolves when everything handed on has been taken. */
  async room(): Promise<void> {
    if (this.waiting.size > 0) await Promise.all(this.waiting);
  }

  private batchFor(dir: RawPath): Batch {
    const { open } = this;
    if (open !== null && open.dir === dir && open.names.length < ENTRIES_PER_JOB && open.bytes < BYTES_PER_JOB)
      return open;
    this.flush();
    this.open = { dir, names: [], types: '', sizes: [], bytes: 0 };
    return this.open;
  }
}

function isSpecial(type: TypeLetter): boolean {
  return type === 'p' || type === 's' || type === 'c' || type === 'b';
}
