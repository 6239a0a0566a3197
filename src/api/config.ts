import { availableParallelism } from 'node:os';
import { checkCombinations, MAX_BUFFER } from './check-call.ts';
import { pathsToRetry, UsageError } from './errors.ts';
import type { CopyOptions } from './options.ts';

/** One read and one write move this much unless the user says otherwise: it fits the processor's second cache. */
const BATCH_BYTES = 128 * 1024;

type Nullable = 'manifest' | 'filesFrom' | 'retryFrom';

/** The options with every default filled in. */
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

/** Throws UsageError for options that cannot stand together. Each by itself was checked (`checkCall`). */
export function resolveConfig(options: CopyOptions): Config {
  checkCombinations(options);
  const chunkSize = options.chunkSize ?? 1024;
  const batch = options.batch ?? Math.max(1, Math.floor(BATCH_BYTES / chunkSize));
  if (chunkSize * batch > MAX_BUFFER)
    throw new UsageError(`chunkSize * batch: got ${chunkSize * batch} bytes, takes at most 1 GiB`);
  return {
    jobs: options.jobs ?? Math.min(Math.max(availableParallelism(), 2), 16),
    chunkSize,
    batch,
    include: options.include ?? [],
    exclude: options.exclude ?? [],
    gitignore: options.gitignore ?? false,
    filesFrom: options.filesFrom ?? null,
    retryFrom: options.retryFrom ? [...pathsToRetry(options.retryFrom)] : null,
    noClobber: options.noClobber ?? false,
    update: options.update ?? false,
    checksum: options.checksum ?? false,
    delete: options.delete ?? false,
    maxDelete: options.maxDelete ?? Number.POSITIVE_INFINITY,
    archive: options.archive ?? false,
    dereference: options.dereference ?? false,
    reflink: options.reflink ?? 'auto',
    sparse: options.sparse ?? 'auto',
    verify: options.verify ?? false,
    manifest: options.manifest ?? null,
    fsync: options.fsync ?? false,
    atomic: options.atomic ?? true,
    dryRun: options.dryRun ?? false,
    retries: options.retries ?? 2,
    maxErrors: options.maxErrors ?? Number.POSITIVE_INFINITY,
    bwlimit: options.bwlimit === Number.POSITIVE_INFINITY ? 0 : (options.bwlimit ?? 0),
    preflight: options.preflight ?? true,
    strict: options.strict ?? false,
    entries: options.entries ?? false,
    sizes: options.sizes ?? false,
  };
}
