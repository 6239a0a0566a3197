import { availableParallelism } from 'node:os';
import { pathsToRetry, UsageError } from './errors.ts';
import type { CopyOptions } from './options.ts';

/** One read and one write move this much unless the user says otherwise: it fits the processor's second cache. */
const BATCH_BYTES = 128 * 1024;
const MAX_BUFFER = 1 << 30;

type Nullable = 'manifest' | 'filesFrom' | 'retryFrom';

/** The options with every default filled in and every value checked. */
export type Config = Required<Omit<CopyOptions, Nullable | 'maxDelete' | 'maxErrors' | 'bwlimit'>> & {
  manifest: string | null;
  filesFrom: readonly string[] | null;
  /** '' is the whole source. */
  retryFrom: readonly string[] | null;
  /** Infinity: no limit. */
  maxDelete: number;
  maxErrors: number;
  /** 0: no limit. */
  bwlimit: number;
};

/** Throws UsageError for a value out of its range. */
export function resolveOptions(options: CopyOptions): Config {
  const chunkSize = integer('chunkSize', options.chunkSize ?? 1024, 1, MAX_BUFFER);
  const batch = integer('batch', options.batch ?? Math.max(1, Math.floor(BATCH_BYTES / chunkSize)), 1, MAX_BUFFER);
  if (chunkSize * batch > MAX_BUFFER)
    throw new UsageError(`chunkSize * batch: got ${chunkSize * batch} bytes, takes at most 1 GiB`);
  if (options.filesFrom !== undefined && options.retryFrom !== undefined)
    throw new UsageError('retryFrom: cannot stand beside filesFrom, each says what to copy');
  return {
    jobs: integer('jobs', options.jobs ?? Math.min(Math.max(availableParallelism(), 2), 16), 1, 64),
    chunkSize,
    batch,
    include: options.include ?? [],
    exclude: options.exclude ?? [],
    gitignore: options.gitignore ?? false,
    filesFrom: options.filesFrom ?? null,
    retryFrom: options.retryFrom ? [...pathsToRetry(options.retryFrom)] : null,
    noClobber: options.noClobber ?? false,
    update: (options.update ?? false) || (options.checksum ?? false),
    checksum: options.checksum ?? false,
    delete: options.delete ?? false,
    maxDelete: integer('maxDelete', options.maxDelete ?? Number.POSITIVE_INFINITY, 0),
    archive: options.archive ?? false,
    dereference: options.dereference ?? false,
    reflink: options.reflink ?? 'auto',
    sparse: options.sparse ?? 'auto',
    verify: options.verify ?? false,
    manifest: options.manifest ?? null,
    fsync: options.fsync ?? false,
    atomic: options.atomic ?? true,
    dryRun: options.dryRun ?? false,
    retries: integer('retries', options.retries ?? 2, 0, 1000),
    maxErrors: integer('maxErrors', options.maxErrors ?? Number.POSITIVE_INFINITY, 1),
    bwlimit: integer('bwlimit', options.bwlimit ?? 0, 0),
    preflight: options.preflight ?? true,
    strict: options.strict ?? false,
    entries: options.entries ?? false,
    sizes: options.sizes ?? false,
  };
}

function integer(name: string, value: number, from: number, to = Number.POSITIVE_INFINITY): number {
  const fits = value >= from && value <= to && (Number.isInteger(value) || value === Number.POSITIVE_INFINITY);
  if (!fits)
    throw new UsageError(`${name}: got ${value}, takes a whole number from ${from}${to < Infinity ? ` to ${to}` : ''}`);
  return value;
}
