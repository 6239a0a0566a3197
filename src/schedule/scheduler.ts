import type { Failure } from '../api/errors.ts';
import type { RawPath } from '../api/names.ts';
import type { TypeLetter } from '../fs/file-system.ts';
import {
  countEntries,
  type DeferredEntry,
  jobOfDeferred,
  listDeferred,
  listEntries,
  pickEntries,
  wholeDirectories,
} from '../protocol/entries-job.ts';
import type { DeleteJob, EntriesJob, Job, ListedAs, Split } from '../protocol/jobs.ts';
import type { Progress, Report } from '../protocol/report.ts';
import type { Counters } from '../report/counters.ts';
import type { LockedSplit } from '../report/split-lock.ts';
import { CompleteDirectories } from './complete-directories.ts';
import { type Executor, LostJob, lossFailure } from './executor.ts';
import { groupOf, HardLinks, type Links, portions } from './hard-links.ts';
import { type Priority, Semaphore } from './semaphore.ts';
import { copyInPieces } from './split-file.ts';

/** Links per job, directories per job of finishing, names per job of deleting. */
const PER_JOB = 256;
/** Jobs per worker that such work is divided into. */
const PER_WORKER = 2;
/** Of removing directories, which differ in size: the last job should be short. */
const TREES_PER_WORKER = 8;
/** Complete directories are finished in batches of this size, or after this many milliseconds. */
const FINISHED_TOGETHER = 64;
const FINISHED_AFTER = 100;
/** How often a job is given to another worker when the entry at which its worker died is unknown. */
const MAX_CRASH_RETRIES = 2;

export interface SchedulerListener {
  /** An entry failed. It is counted already. */
  failed: (failure: Failure) => void;
  /** The next job waits for this promise. */
  reported: (report: Report) => Promise<void>;
  /** The run is broken: the listing should stop. */
  broken: () => void;
  /** The temporary file of a split file was created. The returned one replaces it until it is released. */
  splitBegun: (path: RawPath, split: Split) => LockedSplit;
  /** The executor has so many jobs now, and so many workers. */
  jobs?: ((jobs: number, workers: number) => void) | undefined;
}

/**
 * Keeps the executor busy until everything is done: jobs of the listing, work that workers hand back, hard links, pieces of big
 * files. First `copy` and `idle`, then `finish`.
 */
export class Scheduler {
  /** Destination directories that the run made, and those that existed. */
  readonly made = new Set<RawPath>();
  readonly kept = new Set<RawPath>();
  /** Jobs that are not reported yet. */
  readonly inFlight = new Set<Job>();
  /** Current split files: the jobs that discard them, by temporary name. */
  readonly splits = new Map<RawPath, Job>();
  private readonly executor: Executor;
  private readonly counters: Counters;
  private readonly listener: SchedulerListener;
  private readonly slots: Semaphore;
  /** Limits concurrent split files, whose content an interrupted run loses. */
  private readonly splitSlots: Semaphore;
  private readonly links: HardLinks;
  /** Whether jobs come in the order of the listing, so that directories can be finished during the run. */
  private readonly isInOrder: () => boolean;
  private readonly complete = new CompleteDirectories();
  /** Directories of the source with entries to copy, until their counterparts are finished. */
  private readonly listedAs = new Map<RawPath, ListedAs>();
  private readonly numbers = new WeakMap<EntriesJob, number>();
  /** Jobs whose rest was asked for. */
  private readonly askedBack = new WeakSet<Job>();
  /** Names of hard links that are neither linked nor copied: which directories they are in is not known here. */
  private waitingNames = 0;
  private ready: RawPath[] = [];
  private finishing: NodeJS.Timeout | undefined;
  private readonly locking: RawPath[] = [];
  private lastListed: RawPath | null = null;
  private open = 0;
  /** Jobs that the executor has. */
  private jobs = 0;
  private whenIdle: (() => void) | null = null;
  private error: unknown = null;
  private stopped = false;

  /** @param links of earlier schedulers too, when they wrote to the same destination */
  constructor(
    executor: Executor,
    counters: Counters,
    listener: SchedulerListener,
    links = new HardLinks(),
    isInOrder = () => false,
  ) {
    this.executor = executor;
    this.counters = counters;
    this.listener = listener;
    this.links = links;
    this.isInOrder = isInOrder;
    this.slots = new Semaphore(() => executor.capacity);
    this.splitSlots = new Semaphore(() => executor.workers);
  }

  /** Takes a job of the listing. Resolves when the executor has it, so that the listing waits for the workers. */
  async copy(job: EntriesJob): Promise<void> {
    for (const group of job.groups) {
      if (group.listedAs === undefined) continue;
      this.listedAs.set(group.dir, group.listedAs);
      delete group.listedAs;
    }
    const number = this.complete.listed(job);
    this.numbers.set(job, number);
    this.complete.begin(number);
    try {
      await this.slots.acquire('listed');
      this.markSweeps(job);
      if (this.stopped) this.slots.release();
      else this.begin(() => this.entries(job, 'held'), job);
    } finally {
      this.complete.end(number);
    }
  }

  /** Resolves when all jobs and the work resulting from them are done. Throws NoWorkers. */
  async idle(): Promise<void> {
    if (this.open > 0) {
      await new Promise<void>((resolve) => {
        this.whenIdle = resolve;
      });
    }
    if (this.error !== null) throw this.error;
  }

  /** Sets the metadata of directories. Those whose mode would deny us access come last, deepest first. */
  async finish(): Promise<void> {
    const kept = [...this.kept].filter((path) => !this.made.has(path));
    clearTimeout(this.finishing);
    this.ready = [];
    const finishMade = (): void => {
      for (const group of this.groups(topLast([...this.made]))) this.begin(() => this.finishGroup(group, [], false));
    };
    const finishKept = (): void => {
      for (const group of this.groups(topLast(kept))) this.begin(() => this.finishGroup([], group, false));
    };
    // The top directory comes last: once it is finished, no other machine can join.
    if (!kept.includes('')) finishKept();
    finishMade();
    if (kept.includes('')) finishKept();
    await this.idle();
    const locking = this.locking.splice(0).sort((a, b) => depth(b) - depth(a));
    for (const group of groups(locking, PER_JOB)) {
      this.begin(() => this.finishGroup(group, [], true));
      await this.idle();
    }
  }

  private async finishGroup(made: RawPath[], kept: RawPath[], last: boolean): Promise<void> {
    const all = [...made, ...kept];
    const listedAs = all.map((path) => this.listedAs.get(path) ?? null);
    const report = await this.execute({ kind: 'finish', made, kept, last, listedAs }, 'returned');
    if (report === null) return;
    const locking = new Set(report.locking);
    for (const path of all) if (!locking.has(path)) this.listedAs.delete(path);
    this.locking.push(...report.locking);
    this.countReport(report, 0, 0);
  }

  // During the run, so that an interrupted run leaves few unfinished ones.
  private finishComplete(): void {
    if (this.stopped || !this.isInOrder()) return;
    for (const path of this.complete.take()) this.ready.push(path);
    if (this.ready.length >= FINISHED_TOGETHER) this.finishReady();
    else if (this.ready.length > 0) this.finishing ??= setTimeout(() => this.finishReady(), FINISHED_AFTER).unref();
  }

  private finishReady(): void {
    clearTimeout(this.finishing);
    this.finishing = undefined;
    if (this.stopped || this.waitingNames > 0 || this.ready.length === 0) return;
    const ready = this.ready.splice(0);
    for (const path of ready) this.made.delete(path);
    // One part a worker: each has other work, and messages cost more than most of these.
    const size = this.perJob(ready.length, 1);
    for (const group of groups(ready, size)) this.begin(() => this.finishGroup(group, [], false));
  }

  /** Runs jobs that remove entries, on all workers. */
  async remove(jobs: readonly DeleteJob[]): Promise<void> {
    const run = async (job: Job): Promise<void> => {
      const report = await this.execute(job, 'listed');
      if (report !== null) this.countReport(report, 0, 0);
    };
    const parts = jobs.some(({ types }) => types.includes('d')) ? TREES_PER_WORKER : PER_WORKER;
    const size = this.perJob(
      jobs.reduce((sum, { types }) => sum + types.length, 0),
      parts,
    );
    for (const job of jobs) {
      const { names, types } = job;
      const all = names.split('/');
      for (let at = 0; at < all.length; at += size) {
        const part = { names: all.slice(at, at + size).join('/'), types: types.slice(at, at + size) };
        this.begin(() => run({ ...job, ...part }));
      }
    }
    await this.idle();
  }

  /** Gives out no new jobs; current ones end. */
  stop(): void {
    this.stopped = true;
  }

  /** A worker reported progress, which may change the number of workers. */
  heard(progress: Progress): void {
    this.executor.heard?.(progress, this.slots.isWaitedFor);
    this.slots.refill();
    this.splitSlots.refill();
  }

  private async entries(job: EntriesJob, priority: Priority | 'held', crashRetries = 0): Promise<void> {
    let report: Report | null;
    try {
      report = await this.execute(job, priority);
    } catch (error) {
      if (!(error instanceof LostJob)) throw error;
      return this.withoutCulprit(job, error, crashRetries);
    }
    if (report === null) return;
    for (const path of report.made) {
      // Whoever puts something into it reports it too.
      if (!this.made.has(path)) this.complete.wasMade(path);
      this.made.add(path);
    }
    for (const path of report.kept) this.kept.add(path);
    const settled = filesAmong(job, report.next) - report.hardLinked.length - report.big.length;
    this.counters.record(report, settled, report.settledBytes);
    const { apart, others } = separate(listDeferred(job, report.hardLinked), report);
    for (const entry of others) this.links.found(entry);
    for (const [identity, count] of Object.entries(report.linked)) this.links.linked(identity, count);
    this.waitingNames += report.hardLinked.length - (job.deferredAs === undefined ? 0 : report.next);
    this.placePrimaries(job, report);
    if (apart.length > 0) this.copyDeferred(apart);
    for (const entry of listDeferred(job, report.big)) this.begin(() => this.big(entry), job);
    // The job failed as a whole, so the rest would fail too.
    if (report.failure !== null) return this.broken(job, report.next, report.failure);
    if (report.next < countEntries(job) && !this.stopped) this.handBack(job, report.next);
  }

  // Unless the listing has done it. The entries of a directory come one after another, so those of a new directory are its first ones.
  private markSweeps(job: EntriesJob): void {
    for (const group of job.groups) {
      if (group.sweeps === undefined && group.dir !== this.lastListed) group.sweeps = true;
      this.lastListed = group.dir;
    }
  }

  // Two halves, so that idle workers get some; a directory is not divided if there are several.
  private handBack(job: EntriesJob, from: number): void {
    let first = 0;
    for (const group of job.groups) {
      if (first < from) group.sweeps = false;
      first += group.types.length;
    }
    const half = Math.ceil((from + countEntries(job)) / 2);
    const whole = wholeDirectories(job, half);
    const middle = whole > from ? whole : half;
    this.again(job, (index) => index >= from && index < middle);
    this.again(job, (index) => index >= middle);
  }

  // For idle workers. What began last has most left. A worker answers after the current entry, and not at all when its job is short.
  private askBack(): void {
    let idle = this.executor.workers - this.slots.inUse;
    if (idle <= 0 || this.stopped || this.slots.isWaitedFor) return;
    const jobs = [...this.inFlight].reverse().filter((job) => job.kind === 'entries');
    for (const job of jobs) if (this.askedBack.has(job)) idle--;
    for (const job of jobs) {
      if (idle <= 0) return;
      if (this.askedBack.has(job)) continue;
      this.askedBack.add(job);
      this.executor.askBack?.(job);
      idle--;
    }
  }

  private again(job: EntriesJob, wanted: (index: number) => boolean, crashRetries = 0): void {
    const part = pickEntries(job, wanted);
    if (part.groups.length === 0) return;
    const number = this.numbers.get(job);
    if (number !== undefined) this.numbers.set(part, number);
    this.begin(() => this.entries(part, 'returned', crashRetries), part);
  }

  // The current entry is the one that failed; another worker repeats the others, which were not reported.
  private withoutCulprit(job: EntriesJob, loss: LostJob, crashRetries: number): void {
    const { currentEntry } = loss;
    const entries = listEntries(job);
    const culprit = currentEntry === null ? undefined : entries[currentEntry];
    if (currentEntry !== null && culprit !== undefined) {
      this.failEntry(job, currentEntry, culprit, lossFailure('', loss));
      this.again(job, (index) => index !== currentEntry);
    } else if (crashRetries < MAX_CRASH_RETRIES) {
      this.again(job, () => true, crashRetries + 1);
    } else {
      for (const [index, entry] of entries.entries()) {
        this.failEntry(job, index, entry, lossFailure('', loss));
      }
    }
  }

  private broken(job: EntriesJob, from: number, failure: Failure): void {
    for (const [index, entry] of listEntries(job).entries()) {
      if (index >= from) this.failEntry(job, index, entry, failure);
    }
  }

  // An entry that no report will count. Directories do not count as settled entries.
  private failEntry(
    job: EntriesJob,
    index: number,
    { path, type }: { path: RawPath; type: TypeLetter },
    failure: Failure,
  ): void {
    this.counters.countUnreported(type === 'd' ? 0 : 1, 0);
    this.listener.failed({ ...failure, path });
    const deferredAs = job.deferredAs?.[index];
    if (deferredAs === undefined) return;
    this.waitingNames--;
    this.links.failed(deferredAs);
  }

  // For jobs without single entries.
  private countReport(report: Report, entries: number, bytes: number): void {
    this.counters.record(report, entries, bytes);
    if (report.failure !== null) this.listener.failed(report.failure);
  }

  // The results of a job of first names.
  private placePrimaries(job: EntriesJob, report: Report): void {
    const { deferredAs } = job;
    if (deferredAs === undefined) return;
    const entries = listEntries(job);
    const primaries = new Map(report.primaries.map((primary) => [primary.index, primary]));
    for (const [index, identity] of deferredAs.slice(0, report.next).entries()) {
      const primary = primaries.get(index);
      const path = entries[index]?.path ?? '';
      if (primary === undefined) this.links.failed(identity);
      else this.links.copied(identity, { path, identity: primary.identity, sha256: primary.sha256 });
    }
  }

  // While all workers are busy, first names and links are collected: a small job costs as much as a large one.
  private followLinks(): void {
    const isBusy = this.inFlight.size >= this.executor.workers;
    if (isBusy && this.links.pending < PER_JOB) return;
    const { primaries, links } = this.links.take();
    const size = (count: number): number => (isBusy ? PER_JOB : this.perJob(count));
    for (const group of groups(primaries, size(primaries.length))) this.copyDeferred(group);
    for (const portion of portions(links, size(countNames(links)))) this.begin(() => this.link(portion));
  }

  private copyDeferred(entries: readonly DeferredEntry[]): void {
    const job = jobOfDeferred(entries);
    this.begin(() => this.entries(job, 'returned'));
  }

  private async link(links: readonly Links[]): Promise<void> {
    const report = await this.execute({ kind: 'links', groups: links.map(groupOf) }, 'returned');
    if (report === null) return;
    const { apart, others } = separate(
      links.flatMap((group) => group.entries),
      report,
    );
    this.waitingNames -= others.length;
    this.countReport(report, others.length, bytesOf(others));
    // Copied as first names: when a file has the maximum number of links, further names are linked to the new copy.
    if (apart.length > 0) this.copyDeferred(apart);
  }

  private async big(entry: DeferredEntry): Promise<void> {
    // A file is completed before more of another one is read.
    const run = (job: Job): Promise<Report | null> =>
      this.execute(job, job.kind === 'publish' || job.kind === 'discard' ? 'returned' : 'piece');
    await this.splitSlots.acquire('piece');
    let failure: Failure | null;
    try {
      failure = await copyInPieces(entry, run, this.counters, this.splits, this.listener.splitBegun);
    } finally {
      this.splitSlots.release();
    }
    if (failure === null) return;
    this.counters.countUnreported(1, 0);
    this.listener.failed(failure);
  }

  /** @returns null when the run was stopped before the job began */
  private async execute(job: Job, priority: Priority | 'held', crashRetries = 0): Promise<Report | null> {
    if (priority !== 'held') await this.slots.acquire(priority);
    try {
      if (this.stopped && job.kind !== 'finish' && job.kind !== 'discard') return null;
      this.inFlight.add(job);
      this.countJob(1);
      const report = await this.executor.run(job).finally(() => this.countJob(-1));
      this.inFlight.delete(job);
      await this.listener.reported(report);
      return report;
    } catch (error) {
      if (!(error instanceof LostJob)) throw error;
      this.inFlight.delete(job);
      this.counters.gone(error.worker);
      if (
        crashRetries >= MAX_CRASH_RETRIES ||
        !(job.kind === 'links' || job.kind === 'finish' || job.kind === 'delete' || job.kind === 'discard')
      )
        throw error;
    } finally {
      this.slots.release();
    }
    return this.execute(job, 'returned', crashRetries + 1);
  }

  private countJob(change: 1 | -1): void {
    this.jobs += change;
    this.listener.jobs?.(this.jobs, this.executor.workers);
  }

  /** @param job the job itself, or the one it results from */
  private begin(work: () => Promise<void>, job?: EntriesJob): void {
    const number = job && this.numbers.get(job);
    if (number !== undefined) this.complete.begin(number);
    this.open++;
    work()
      .catch((error: unknown) => {
        // A job without single entries at which workers die: the run continues without it.
        if (error instanceof LostJob) return this.listener.failed(lossFailure('', error));
        this.error ??= error;
        this.stopped = true;
        this.listener.broken();
      })
      .finally(() => {
        this.followLinks();
        if (number !== undefined) this.complete.end(number);
        this.finishComplete();
        this.askBack();
        if (--this.open === 0) this.whenIdle?.();
      });
  }

  // In parts for all workers, so that the last part does not keep one busy while the others wait.
  private *groups<T>(items: readonly T[]): Generator<T[]> {
    const isAlone = this.executor.started === 1;
    yield* groups(items, isAlone ? PER_JOB : this.perJob(items.length));
  }

  private perJob(count: number, perWorker = PER_WORKER): number {
    return Math.min(Math.ceil(count / (perWorker * this.executor.workers)), PER_JOB);
  }
}

function* groups<T>(items: readonly T[], size: number): Generator<T[]> {
  for (let at = 0; at < items.length; at += size) yield items.slice(at, at + size);
}

function topLast(paths: RawPath[]): RawPath[] {
  const others = paths.filter((path) => path !== '');
  return others.length === paths.length ? paths : [...others, ''];
}

function countNames(links: readonly Links[]): number {
  return links.reduce((sum, { entries }) => sum + entries.length, 0);
}

function filesAmong(job: EntriesJob, to: number): number {
  let files = 0;
  let left = to;
  for (const { types } of job.groups) {
    const part = types.length <= left ? types : types.slice(0, left);
    files += part.replaceAll('d', '').length;
    left -= part.length;
  }
  return files;
}

function separate(
  entries: readonly DeferredEntry[],
  { unlinkable }: Report,
): { apart: DeferredEntry[]; others: DeferredEntry[] } {
  const set = new Set(unlinkable);
  return { apart: entries.filter(({ path }) => set.has(path)), others: entries.filter(({ path }) => !set.has(path)) };
}

function bytesOf(entries: readonly DeferredEntry[]): number {
  return entries.reduce((sum, entry) => sum + entry.size, 0);
}

function depth(path: RawPath): number {
  return path === '' ? 0 : path.split('/').length;
}
