import type { Config } from '../api/config.ts';
import { CopyError, RefusedError, UsageError } from '../api/errors.ts';
import type { Found } from '../api/events.ts';
import type { RawPath } from '../api/names.ts';
import { DirHandleCache } from '../fs/dir-handle-cache.ts';
import { enterSource, openRoot, statAtSource } from '../fs/directories.ts';
import type { FileSystem, Handle, Stat } from '../fs/file-system.ts';
import { Retries } from '../fs/retry.ts';
import { mayStopAnswering } from '../plan/mounts.ts';
import type { Plan } from '../plan/prepare.ts';
import type { EntriesJob, EntriesOfDirectory } from '../protocol/jobs.ts';
import { monotonicMs } from '../protocol/monotonic-clock.ts';
import type { RunReporter } from '../report/reporter.ts';
import { Callbacks } from './callbacks.ts';
import type { Gitignore } from './gitignore.ts';
import { Latency } from './latency.ts';
import { ListedDirectories } from './listed-directories.ts';
import type { ListingObserver } from './lister.ts';
import { warnOfEmpty } from './pattern-hints.ts';
import { type ScanListener, type ScanOptions, scan } from './scan.ts';
import { type Patterns, patternsFor } from './selection.ts';
import type { UnchangedEntries } from './unchanged.ts';
import type { Unmatched } from './unmatched.ts';

/** Milliseconds: a run that is shorter shows no progress worth knowing the totals for. */
const COUNT_AHEAD_AFTER = 300;

/**
 * Directories that are read concurrently for the copy on slow storage; each takes a thread of libuv's pool (see main.ts). The
 * count ahead also reads several sizes of each concurrently.
 */
const IN_FLIGHT = 16;
const IN_FLIGHT_FOR_COUNT = 4;

/** What differs between the listings of one source. */
interface Variant extends Partial<Pick<ScanOptions, 'sizes' | 'inFlight' | 'observer' | 'listed' | 'entered'>> {
  unmatched?: Unmatched | null;
  /** Instead of those of the run. */
  patterns?: Patterns;
}

/** Lists the source of a run: a tree, some paths of it, or one file. */
export class SourceTree {
  private readonly fs: FileSystem;
  private readonly plan: Plan;
  private readonly config: Config;
  private readonly patterns: Patterns;
  private readonly root: Handle;
  private readonly dirs: DirHandleCache;
  /** Of both source and destination. */
  readonly latency: Latency;
  /** The top directory of the destination needs no work and has the time of the source. */
  leavesTop = false;
  private ahead: NodeJS.Timeout | undefined;
  private stopped = false;

  constructor(fs: FileSystem, plan: Plan, config: Config, patterns: Patterns) {
    this.fs = fs;
    this.plan = plan;
    this.config = config;
    this.patterns = patterns;
    this.latency = new Latency(mayStopAnswering(plan.mounts, [plan.source.path, plan.destination.path]));
    this.root = openPlanned(fs, plan);
    this.dirs = this.openCache();
  }

  /** Lists the source for the copy; the listing waits for the promise that `take` returns. */
  async list(
    take: (job: EntriesJob) => Promise<void>,
    reporter: RunReporter,
    unmatched: Unmatched | null,
    observer?: ListingObserver,
  ): Promise<void> {
    const { found } = reporter.counters;
    const { tracing } = reporter;
    const put = async (job: EntriesJob): Promise<void> => {
      reporter.counters.listingWaits(performance.now());
      await take(job);
      const waitedMs = reporter.counters.listingGoesOn(performance.now());
      if (waitedMs > 0) tracing?.waited(monotonicMs() - waitedMs);
    };
    const unchanged = await this.unchanged(reporter, put);
    const directories = new ListedDirectories();
    const entered = (dir: RawPath, before: Stat): void => directories.note(dir, before);
    const { sizes } = this.config;
    if (sizes !== false) {
      const after = sizes === true ? COUNT_AHEAD_AFTER : sizes;
      this.ahead = setTimeout(() => void this.countAhead(reporter), after).unref();
    }
    try {
      await this.walk(
        this.dirs,
        found,
        { unmatched, observer, entered, listed: tracing?.listed },
        {
          put: (job) => {
            directories.identify(job);
            return unchanged?.put(job) ?? put(job);
          },
          failed: (failure) => reporter.failed(failure),
          skipped: (path, kind) => reporter.skipped(path, kind),
          ready: () => reporter.pause,
          cancelled: () => this.stopped,
        },
      );
      await unchanged?.end();
    } finally {
      unchanged?.close();
    }
    this.leavesTop = unchanged?.leavesTop === true;
    reporter.listed();
    if (reporter.counters.known().complete) {
      const { plan, config } = this;
      await warnOfEmpty({ plan, config, reporter, unmatched, includes: (...args) => this.includes(...args) });
    }
  }

  /** Whether jobs are sent in the order of the listing: not if several are checked for unchanged entries concurrently. */
  get isInOrder(): boolean {
    return !this.latency.isLate || !isDecidedByListing(this.plan, this.config);
  }

  private async unchanged(
    reporter: RunReporter,
    put: (job: EntriesJob) => Promise<void>,
  ): Promise<UnchangedEntries | null> {
    const { fs, plan, config, root: source, latency } = this;
    if (!isDecidedByListing(plan, config)) return null;
    const { UnchangedEntries } = await import('./unchanged.ts');
    try {
      const cancelled = (): boolean => this.stopped;
      return new UnchangedEntries({ fs, plan, config, reporter, source, latency, cancelled, put });
    } catch (error) {
      if (error instanceof CopyError) return null; // A worker reports the error.
      throw error;
    }
  }

  /** Visits all entries, some of one directory at a time, and copies nothing. The run itself reports failures. */
  async survey(visit: (group: EntriesOfDirectory) => void): Promise<void> {
    await this.walkAside(nothingFound(), {}, () => this.stopped, visit);
  }

  // The listing waits for the workers, so in a long run its totals would be known only near the end, and it reads no sizes.
  // Progress display gets the totals from a second, quick listing that stores nothing.
  private async countAhead(reporter: RunReporter): Promise<void> {
    const { counters } = reporter;
    const found: Found = { ...counters.before };
    const cancelled = (): boolean => this.stopped || (counters.found.complete && counters.found.bytes !== null);
    try {
      await this.walkAside(found, { sizes: true, inFlight: IN_FLIGHT_FOR_COUNT }, cancelled);
    } catch {
      return; // The listing for the copy reports the error.
    }
    if (!found.complete || cancelled()) return;
    counters.surveyed = found;
    reporter.listed();
  }

  /** The state of a listed entry. Throws SystemError. @returns null when it is gone */
  stat(dir: RawPath, name: RawPath): Stat | null {
    return statAtSource(this.fs, this.config.dereference, this.dirs.open(dir), name);
  }

  stop(): void {
    this.stopped = true;
  }

  close(): void {
    clearTimeout(this.ahead);
    this.stopped = true;
    this.dirs.close();
    this.fs.close(this.root);
  }

  private openCache(): DirHandleCache {
    const { fs, root, config } = this;
    return new DirHandleCache(fs, root, enterSource(fs, config.dereference));
  }

  // A listing beside that for the copy, which reports failures.
  private async walkAside(
    found: Found,
    variant: Variant,
    cancelled: () => boolean,
    visit: (group: EntriesOfDirectory) => void = () => {},
  ): Promise<void> {
    // Not `dirs`: opening a directory there may close the one that is being listed.
    const dirs = this.openCache();
    const nothing = (): void => {};
    const put = async (job: EntriesJob): Promise<void> => job.groups.forEach(visit);
    try {
      await this.walk(dirs, found, variant, { put, failed: nothing, skipped: nothing, cancelled });
    } finally {
      dirs.close();
    }
  }

  private async walk(
    dirs: DirHandleCache,
    found: Found,
    { unmatched = null, patterns = this.patterns, ...variant }: Variant,
    listener: ScanListener,
  ): Promise<void> {
    const { fs } = this;
    const { dereference, oneFileSystem, archive, filesFrom, minSize, maxSize, retries, retryFrom } = this.config;
    const gitignore = this.config.gitignore ? await gitignoreOf(fs) : null;
    const { filter, rename } = this.config;
    const callbacks = filter === null && rename === null ? null : new Callbacks(this.config, listener.cancelled);
    const options: ScanOptions = {
      selection: { patterns, gitignore, unmatched, callbacks },
      names: this.plan.names,
      oneFileSystem,
      dereference,
      retries: new Retries(fs, retries, [this.plan.source.path]),
      special: archive,
      sizes: false,
      latency: this.latency,
      inFlight: IN_FLIGHT,
      minSize,
      maxSize,
      ...variant,
    };
    const listing = { fs, tree: dirs, options, found, listener };
    if (this.plan.single === null && retryFrom === null && filesFrom === null) return scan(listing);
    const { listAgain, listGiven } = await import('./files-from.ts');
    if (this.plan.single !== null) {
      const again = retryFrom === null || retryFrom.length > 0;
      await listGiven(listing, again ? [this.plan.single.name] : []);
    } else if (retryFrom !== null) {
      await listAgain(listing, retryFrom);
    } else if (filesFrom !== null) {
      await listGiven(listing, filesFrom);
    }
  }

  /** Whether the pattern would include anything, as far as that is found out in this time. */
  private async includes(pattern: string, withinMs: number): Promise<boolean> {
    const found = nothingFound();
    const until = performance.now() + withinMs;
    const isFound = (): boolean => found.files + found.directories > 0;
    try {
      const patterns = await patternsFor({ include: [pattern], exclude: this.config.exclude });
      await this.walkAside(found, { patterns }, () => this.stopped || isFound() || performance.now() > until);
    } catch (error) {
      if (!(error instanceof UsageError)) throw error; // Longer than a pattern may be.
    }
    return isFound();
  }
}

function nothingFound(): Found {
  return { files: 0, directories: 0, bytes: null, complete: false };
}

function openPlanned(fs: FileSystem, { source }: Plan): Handle {
  try {
    return openRoot(fs, source, 'source');
  } catch (error) {
    if (!(error instanceof CopyError)) throw error;
    const { action, message, code } = error.failure;
    throw new RefusedError(source.path, `${action}: ${message}`, code, { cause: error });
  }
}

/** Whether -u and --if-exists can be decided by names, sizes and times. */
function isDecidedByListing({ merged, single }: Plan, config: Config): boolean {
  const { ifExists, update, archive, checksum, dereference, fsync, manifest, rename } = config;
  const mayStay = update || ifExists === 'skip' || ifExists === 'older';
  const isByName = single === null && rename === null && manifest === null;
  return merged && isByName && mayStay && !archive && !checksum && !dereference && !fsync;
}

// The entries show whether there is a `.gitignore`.
async function gitignoreOf(fs: FileSystem): Promise<Gitignore> {
  const { Gitignore, readGitignore } = await import('./gitignore.ts');
  return new Gitignore((_dir, handle, entries) =>
    entries.some((entry) => entry.raw === '.gitignore') ? readGitignore(fs, handle) : null,
  );
}
