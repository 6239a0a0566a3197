import { checkCombinations } from './check-call.ts';
import { pathsToRetry, UsageError } from './errors.ts';
import { fromText, type RawPath } from './names.ts';
import type { CopyOptions } from './options.ts';
import { OPTIONS } from './options-table.ts';
import { MAX_BUFFER, usualJobs } from './values.ts';

/** One read and one write move this much unless the user says otherwise: it fits the processor's second cache. */
const BATCH_BYTES = 128 * 1024;

/** What `auto` comes to at most: each worker takes memory, and beyond this few file systems answer faster. */
const MOST_AUTO_JOBS = 32;

type Nullable = 'broker' | 'manifest' | 'trace' | 'filesFrom' | 'retryFrom' | 'filter' | 'rename';

/** The options with every default filled in. */
export type Config = Required<
  Omit<CopyOptions, Nullable | 'jobs' | 'noClobber' | 'maxDelete' | 'maxErrors' | 'bwlimit'>
> & {
  /** Workers at the start, and at most. */
  jobs: number;
  mostJobs: number;
  broker: string | null;
  manifest: string | null;
  filter: NonNullable<CopyOptions['filter']> | null;
  rename: NonNullable<CopyOptions['rename']> | null;
  trace: string | null;
  /** The working directory at the start of the run; null when it has been removed. */
  workingDirectory: RawPath | null;
  filesFrom: readonly string[] | null;
  /** '' is the whole source. */
  retryFrom: readonly string[] | null;
  /** Infinity: no limit. */
  maxDelete: number;
  maxErrors: number;
  /** 0: no limit. */
  bwlimit: number;
};

/** Throws UsageError for options that exclude each other. Each value was checked before (`checkCall`). */
export function resolveConfig(options: CopyOptions): Config {
  checkCombinations(options);
  const chunkSize = options.chunkSize ?? 1024;
  const batch = options.batch ?? Math.max(1, Math.floor(BATCH_BYTES / chunkSize));
  if (chunkSize * batch > MAX_BUFFER)
    throw new UsageError(`chunkSize * batch: got ${chunkSize * batch} bytes, takes at most 1 GiB`);
  checkShared(options);
  checkSizes(options);
  const given = Object.entries(OPTIONS).map(([name, row]) => [name, options[name as keyof CopyOptions] ?? row.default]);
  return {
    ...(Object.fromEntries(given) as Config),
    workingDirectory: workingDirectory(),
    ...jobsOf(options),
    chunkSize,
    batch,
    ifExists: options.noClobber ? 'skip' : (options.ifExists ?? 'replace'),
    retryFrom: options.retryFrom ? [...pathsToRetry(options.retryFrom)] : null,
    bwlimit: options.bwlimit === Number.POSITIVE_INFINITY ? 0 : (options.bwlimit ?? 0),
  };
}

// Workers that wait for --bwlimit do not wait for the storage.
function jobsOf({ jobs = 'auto', bwlimit = 0, broker }: CopyOptions): { jobs: number; mostJobs: number } {
  if (jobs !== 'auto') return { jobs, mostJobs: jobs };
  const least = usualJobs();
  return { jobs: least, mostJobs: bwlimit > 0 || broker !== undefined ? least : MOST_AUTO_JOBS };
}

function checkSizes({ minSize = 0, maxSize = Number.POSITIVE_INFINITY }: CopyOptions): void {
  if (minSize > maxSize)
    throw new UsageError(`minSize (--min-size): ${minSize} is more than maxSize (--max-size): ${maxSize}`);
}

// A job that several machines may do may be done twice.
function checkShared({ broker, jobs, ifExists }: CopyOptions): void {
  if (broker === undefined) {
    if (jobs === 0)
      throw new UsageError(
        'jobs (--jobs): 0 leaves all work to other machines; it takes 1 to 64 without broker (--broker)',
      );
  } else if (ifExists === 'error') {
    throw new UsageError(
      "ifExists ('--if-exists error') cannot be used with broker ('--broker'): a job that is done again meets what it has made",
    );
  }
}

function workingDirectory(): RawPath | null {
  try {
    return fromText(process.cwd());
  } catch {
    return null;
  }
}
