import type { Config } from '../api/config.ts';
import { CopyError } from '../api/errors.ts';
import { join, type RawPath } from '../api/names.ts';
import { DirHandleCache } from '../fs/dir-handle-cache.ts';
import { enterSource, isUnfinished, openRoot } from '../fs/directories.ts';
import type { FileSystem, Handle, Stat, TypeLetter } from '../fs/file-system.ts';
import { codeOf, SystemError } from '../fs/system-error.ts';
import { parseTemporaryName } from '../fs/temporary-name.ts';
import type { Plan } from '../plan/prepare.ts';
import { countEntries, namesOf } from '../protocol/entries-job.ts';
import type { EntriesJob, EntriesOfDirectory } from '../protocol/jobs.ts';
import type { EntryResult } from '../protocol/report.ts';
import { isForSame, isLeft, isSameFile, sameTime } from '../protocol/same.ts';
import type { RunReporter } from '../report/reporter.ts';
import type { Latency } from './latency.ts';
import { Cancelled, unlessCancelled } from './turns.ts';

/** Concurrent checks on slow storage; each takes two threads of libuv's pool. */
const IN_FLIGHT = 16;
/** After a job that is mostly copied, this many jobs are not checked. */
const SKIP_CHECKS = 16;

interface Options {
  fs: FileSystem;
  plan: Plan;
  config: Config;
  reporter: RunReporter;
  /** The top directory of the source. */
  source: Handle;
  latency: Latency;
  cancelled: () => boolean;
  /** Takes the jobs for the workers. */
  put: (job: EntriesJob) => Promise<void>;
}

/** The result of checking one job. */
interface Outcome {
  /** Number of the entries that are up to date, without directories, and their bytes. */
  files: number;
  bytes: number;
  /** The entries that are up to date, if each is to be reported. */
  unchanged: EntryResult[];
  left: EntriesOfDirectory[];
}

/** Judges an entry by both sides. Link targets are read only if the decision depends on them. */
type Judge = (index: number, stat: Stat | null, there: Stat | null, hasSameTarget: () => boolean) => void;

/**
 * Filters each job between the listing and the workers: drops the entries that are up to date. Anything it cannot decide, failures
 * included, goes to a worker.
 */
export class UnchangedEntries {
  private readonly options: Options;
  private readonly destination: Handle;
  private readonly sourceTree: DirHandleCache;
  private readonly destinationTree: DirHandleCache;
  private readonly checks = new Set<Promise<void>>();
  private error: unknown = null;
  private checksToSkip = 0;
  private lastListed: RawPath | null = null;
  /** The top directory has the time of the source, and nothing in it goes to the workers. */
  leavesTop: boolean;

  /** @throws CopyError when the destination is no longer the directory that it was at the start */
  constructor(options: Options) {
    const { fs, plan, source } = options;
    this.options = options;
    this.destination = openRoot(fs, plan.destination, 'destination');
    const hold = enterSource(fs, false, 'holdDirectory');
    this.sourceTree = new DirHandleCache(fs, source, hold);
    this.destinationTree = new DirHandleCache(fs, this.destination, hold);
    this.leavesTop = sameTime(fs.stat(source), fs.stat(this.destination));
  }

  /** Takes a job; resolves when it takes the next one. */
  async put(job: EntriesJob): Promise<void> {
    for (const group of job.groups) {
      group.sweeps ??= group.dir !== this.lastListed;
      this.lastListed = group.dir;
    }
    const { latency, cancelled } = this.options;
    if (this.checksToSkip > 0) {
      this.checksToSkip--;
      return this.leave(job, job.groups);
    }
    if (!latency.isLate) return this.decide(job);
    while (this.checks.size >= IN_FLIGHT) await unlessCancelled(Promise.race(this.checks), cancelled);
    const check = this.decide(job)
      .catch((error: unknown) => {
        this.error ??= error;
      })
      .finally(() => {
        this.checks.delete(check);
      });
    this.checks.add(check);
  }

  /** Resolves when all jobs are checked, or the run is cancelled. */
  async end(): Promise<void> {
    try {
      while (this.checks.size > 0) await unlessCancelled(Promise.race(this.checks), this.options.cancelled);
    } catch (error) {
      if (!(error instanceof Cancelled)) throw error;
    }
    if (this.error !== null) throw this.error;
  }

  close(): void {
    this.sourceTree.close();
    this.destinationTree.close();
    this.options.fs.close(this.destination);
  }

  private async decide(job: EntriesJob): Promise<void> {
    const outcome: Outcome = { files: 0, bytes: 0, unchanged: [], left: [] };
    for (const group of job.groups) await this.check(group, outcome);
    await this.options.reporter.unchanged(outcome.unchanged, outcome.files, outcome.bytes);
    const left = outcome.left.reduce((sum, { types }) => sum + types.length, 0);
    if (left * 2 > countEntries(job)) this.checksToSkip = SKIP_CHECKS;
    if (outcome.left.length > 0) await this.leave(job, outcome.left);
  }

  private async leave(job: EntriesJob, groups: EntriesOfDirectory[]): Promise<void> {
    if (groups.some(({ dir }) => dir === '')) this.leavesTop = false;
    await this.options.put({ ...job, groups });
  }

  private async check(group: EntriesOfDirectory, outcome: Outcome): Promise<void> {
    const { config } = this.options;
    const { dir, types } = group;
    const names = namesOf(group);
    const staying = new Set<number>();
    const judge: Judge = (index, stat, there, hasSameTarget) => {
      const type = types[index] as TypeLetter;
      if (stat?.type !== type || there === null || !this.stays(stat, there, hasSameTarget)) return;
      staying.add(index);
      const bytes = type === 'f' ? stat.size : 0;
      outcome.bytes += bytes;
      if (type !== 'd') outcome.files++;
      if (!config.entries) return;
      outcome.unchanged.push({ path: join(dir, names[index] ?? ''), type, action: 'unchanged', bytes });
    };
    try {
      const done = this.checkSync(group, names, judge);
      if (done < names.length) await this.checkAsync(group, names, done, judge);
    } catch (error) {
      if (codeOf(error) === '' && !(error instanceof CopyError)) throw error;
    }
    if (staying.size === names.length && group.sweeps !== true) return;
    const isLeftOver = (_entry: string, index: number): boolean => !staying.has(index);
    const left = { names: names.filter(isLeftOver).join('/'), types: [...types].filter(isLeftOver).join('') };
    outcome.left.push(staying.size === 0 ? group : { ...group, ...left });
  }

  /** @returns how many entries were checked before the storage was found to be slow */
  private checkSync(group: EntriesOfDirectory, names: readonly RawPath[], judge: Judge): number {
    const { fs, latency } = this.options;
    if (latency.isLate) return 0;
    const source = this.sourceTree.open(group.dir);
    const destination = this.destinationTree.open(group.dir);
    if (group.sweeps === true) {
      let hasTemporary = false;
      if (this.sweeps) fs.list(destination, (name) => (hasTemporary ||= parseTemporaryName(name) !== null));
      group.sweeps = hasTemporary;
    }
    let began = performance.now();
    for (const [index, name] of names.entries()) {
      if (latency.isLate) return index;
      try {
        const there = fs.statAt(destination, name);
        const stat = there === null ? null : fs.statAt(source, name);
        judge(index, stat, there, () => fs.readlink(source, name) === fs.readlink(destination, name));
      } catch (error) {
        if (codeOf(error) === '') throw error;
      }
      const now = performance.now();
      latency.observe(now - began, 1);
      began = now;
    }
    return names.length;
  }

  private async checkAsync(
    group: EntriesOfDirectory,
    names: readonly RawPath[],
    from: number,
    judge: Judge,
  ): Promise<void> {
    const { fs, source: top } = this.options;
    const handles: Handle[] = [];
    const hold = async (handle: Promise<Handle> | null): Promise<Handle> => {
      if (handle === null) throw new SystemError('ENOSYS', 'open');
      handles.push(await handle);
      return handles.at(-1) as Handle;
    };
    try {
      const source = await hold(fs.holdAhead(top, group.dir));
      let destination: Handle;
      if (group.sweeps === true && this.sweeps) {
        const read = await fs.readAhead(this.destination, group.dir, { follow: false, sizes: false, after: false });
        destination = await hold(read && Promise.resolve(read.handle));
        group.sweeps = read?.names.some((name) => parseTemporaryName(name) !== null) === true;
      } else {
        destination = await hold(fs.holdAhead(this.destination, group.dir));
        group.sweeps = false;
      }
      // One after the other: many file systems serialize lookups in one directory.
      for (const [index, name] of names.entries()) {
        if (index < from) continue;
        try {
          const [here, there] = await Promise.all([fs.lookAhead(source, name), fs.lookAhead(destination, name)]);
          judge(index, here?.stat ?? null, there?.stat ?? null, () => here?.target === there?.target);
        } catch (error) {
          if (codeOf(error) === '') throw error;
        }
      }
    } finally {
      for (const handle of handles) fs.close(handle);
    }
  }

  // A dry run does not look for what killed runs left.
  private get sweeps(): boolean {
    return !this.options.config.dryRun;
  }

  private stays(stat: Stat, there: Stat, hasSameTarget: () => boolean): boolean {
    const { config, plan } = this.options;
    if (stat.type === 'd') {
      const isFinished = there.type === 'd' && !isUnfinished(there.mode);
      return isFinished && sameTime(stat, there) && !plan.forbidden.includes(there.identity);
    }
    if ((stat.type !== 'f' && stat.type !== 'l') || stat.nlink !== 1) return false;
    const isSame =
      stat.type === 'f'
        ? isForSame(config, there) && isSameFile(stat, there, neverEvenSeconds)
        : isForSame(config, there) && there.type === 'l' && sameTime(stat, there) && hasSameTarget();
    return isSame || isLeft(config, stat, there, neverEvenSeconds);
  }
}

// Whether the file system cuts times to even seconds is checked by a worker.
const neverEvenSeconds = (): boolean => false;
