import { setTimeout as delay } from 'node:timers/promises';
import type { FileSystem } from '../fs/file-system.ts';
import type { PrestartedWorker } from '../process/prestart.ts';
import { Queue } from '../process/queue.ts';
import '../process/queue-core.ts';
import type { Job } from '../protocol/jobs.ts';
import { monotonicMs } from '../protocol/monotonic-clock.ts';
import type { Report, WorkerEvent } from '../protocol/report.ts';
import type { WorkerConfig } from '../protocol/worker-config.ts';
import { removeTemporaries } from '../report/clean-up.ts';
import { LeaseOver, type LocalExecutor, LostJob, NoWorkers } from '../schedule/executor.ts';
import { localExecutor } from '../schedule/local-executor.ts';
import { RateFile } from '../schedule/rate-file.ts';
import { WorkerLimit } from '../schedule/worker-limit.ts';
import { type Job as QueuedJob, type Redis, UnrecoverableError, WaitingError, Worker } from './bullmq.ts';
import { checkJob } from './check-job.ts';
import { LONGEST_READ_MS } from './connection.ts';
import { Identities } from './identities.ts';
import { inTime } from './in-time.ts';
import { LeaseWriter } from './lease.ts';
import { SHARES_INTERVAL_MS, tellUsed } from './rate-shares.ts';
import { AGAIN, type Answer, type Helper, lockMs, PREFIX, type ProgressUpdate } from './shared-run.ts';
import { LONGEST_WAIT_MS, WorkerSlots } from './worker-slots.ts';

/** Milliseconds between two progress updates to the coordinator. */
const PROGRESS_INTERVAL_MS = 200;
const POLL_INTERVAL_MS = 50;
/** Milliseconds without a job after which this machine needs no share of the rate. */
const IDLE_AFTER_MS = 1000;
/** Temporary names carry job number × this + attempt. More than twice `MOST_ATTEMPTS`: it may fail, and be lost, that often. */
const ATTEMPTS_PER_JOB = 100;

/** A job in progress. */
interface Held {
  id: string;
  /** Of its lock; another one each time that the job is taken. */
  token: string;
  /** Until then it is certainly locked by us; 0 before that is known. */
  until: number;
  job: QueuedJob<Job, Answer>;
}

export interface JobRunnerOptions {
  fs: FileSystem;
  /** With the identities of this machine. */
  config: WorkerConfig;
  helper: Helper;
  /** The rate of all machines together; null: without limit. */
  bytesPerSecond: number | null;
  early: readonly PrestartedWorker[];
  /** Shows a warning to the user. */
  warn: (message: string) => void;
  /** Called when no worker can be started here: this machine takes no more jobs. */
  lost: (error: Error) => void;
}

/** Takes jobs of one run from the broker and runs them in a pool on this machine. */
export class JobRunner {
  private readonly options: JobRunnerOptions;
  private readonly queue: Worker<Job, Answer>;
  private readonly events: Queue<WorkerEvent>;
  private readonly pool: LocalExecutor;
  private readonly slots: WorkerSlots;
  private readonly lease = new LeaseWriter();
  private readonly rate: RateFile | null = null;
  private readonly identities: Identities;
  /** Jobs in progress. One that was lost and came back here may be among them twice until its first worker has ended. */
  private readonly held = new Set<Held>();
  private readonly progress = new Map<number | string, WorkerEvent>();
  private readonly timers: NodeJS.Timeout[] = [];
  private warned = new Set<string>();
  private isEnded = false;
  private hasNoWorkers = false;
  private closed: Promise<void> | undefined;
  /** Bytes per second that this machine uses at most, and how often it has said so. */
  private share = 0;
  private asked = 0;
  private lastBusyMs = performance.now();

  constructor(client: Redis, id: string, options: JobRunnerOptions) {
    const { fs, config, helper, bytesPerSecond, early } = options;
    this.options = options;
    this.identities = new Identities(config.source.identity, config.destination.identity);
    this.events = new Queue<WorkerEvent>(64 * helper.jobs);
    this.slots = new WorkerSlots(helper.jobs);
    try {
      if (bytesPerSecond !== null) this.rate = new RateFile(bytesPerSecond);
      this.pool = localExecutor({
        limit: new WorkerLimit(helper.jobs, helper.jobs),
        config: { ...config, lease: this.lease.path, rate: this.rate?.limit ?? null },
        events: this.events,
        early,
        fs,
      });
      this.queue = new Worker<Job, Answer>(id, (job, token) => this.process(job, token ?? ''), {
        connection: client,
        prefix: PREFIX,
        name: helper.name,
        // With a rate it begins when it has a share.
        autorun: this.rate === null,
        concurrency: helper.jobs,
        lockDuration: lockMs(),
        // `renew` does it, because it needs the time of the request.
        skipLockRenewal: true,
        // The coordinator checks for stalled jobs; without a coordinator nobody needs them.
        skipStalledCheck: true,
        drainDelay: LONGEST_READ_MS / 1000,
      });
    } catch (error) {
      for (const worker of early) worker.discard();
      this.closeFiles();
      throw error;
    }
    if (this.rate !== null) this.timers.push(setInterval(() => void this.askForShare(client, id), SHARES_INTERVAL_MS));
    this.queue.on('error', () => {}); // The client reconnects; a lost job is given to another machine.
    this.timers.push(setInterval(() => void this.renew([...this.held]), lockMs() / 4));
    this.timers.push(setInterval(() => void this.sendProgress(), PROGRESS_INTERVAL_MS));
    void this.listen();
  }

  /** Takes no more jobs and returns those that are not begun. Resolves when none is in progress. */
  async finish(): Promise<void> {
    this.isEnded = true;
    this.lease.end();
    this.slots.close();
    const closed = this.queue.close();
    while (this.held.size > 0) await delay(POLL_INTERVAL_MS);
    // It has no end when it is asked for while the connection is being restored.
    await inTime(closed);
    await this.end();
  }

  /** Aborts the jobs in progress. */
  async terminate(): Promise<void> {
    const { fs, config } = this.options;
    const jobs = [...this.held].map(({ job }) => job.data);
    const numbers = new Set([...this.held].map(({ id }) => numberOf(id)));
    this.isEnded = true;
    this.slots.close();
    // It takes no more; aborted jobs return to the queue if the broker is reachable.
    const closed = this.queue.close();
    try {
      await this.pool.terminate();
      removeTemporaries(fs, config, jobs, (made) => numbers.has(Math.floor(made / ATTEMPTS_PER_JOB)));
    } finally {
      await inTime(closed);
      await this.end();
    }
  }

  private end(): Promise<void> {
    this.closed ??= this.close();
    return this.closed;
  }

  private async close(): Promise<void> {
    for (const timer of this.timers) clearInterval(timer);
    await this.pool.terminate();
    await this.events.close();
    this.closeFiles();
  }

  private closeFiles(): void {
    this.lease.close();
    this.rate?.close();
  }

  private async askForShare(client: Redis, id: string): Promise<void> {
    const { name, jobs: workers } = this.options.helper;
    const nowMs = performance.now();
    if (this.held.size > 0) this.lastBusyMs = nowMs;
    const jobs = nowMs - this.lastBusyMs < IDLE_AFTER_MS ? workers : 0;
    try {
      const share = await tellUsed(client, id, { name, jobs, used: this.share, count: ++this.asked });
      if (share === null || this.isEnded) return;
      const isFirst = this.share === 0;
      this.share = share;
      this.lease.share(share);
      if (!isFirst) return;
      // Others have used the whole rate until now.
      this.rate?.begin();
      this.queue.run().catch(() => {}); // Closed meanwhile.
    } catch {
      // The broker is away: what is in progress ends with the lease.
    }
  }

  private async process(queued: QueuedJob<Job, Answer>, token: string): Promise<Answer> {
    const id = queued.id ?? '';
    const number = numberOf(id);
    const job = this.checked(queued, number);
    const { helper } = this.options;
    const held: Held = { id, token, until: lockedUntil(queued), job: queued };
    this.held.add(held);
    this.extendLease();
    try {
      // The lock may have expired while the job waited here, for example because the machine was paused.
      if (held.until === 0) await this.renew([held]);
      if (held.until === 0) throw new Error('the job is not ours any more');
      if (!(await this.slots.acquire())) return await this.giveBack(held);
      const report = await this.runHere(queued, job, number);
      // The report says more.
      this.progress.delete(report.worker);
      await this.sendProgress();
      return { helper, report: this.identities.reportForAll(report) };
    } catch (error) {
      if (error instanceof NoWorkers && !this.isEnded) {
        this.hasNoWorkers = true;
        this.options.lost(error);
      }
      // None is left that could have begun it, so that this was no attempt.
      if (error instanceof NoWorkers && this.hasNoWorkers) return await this.giveBack(held);
      const isOurs = held.until >= monotonicMs();
      // All workers here have one lease, so that a job that is not ours any more ends the others' too. It has to be gone first.
      if (error instanceof LeaseOver && isOurs) await delay(lockMs() / 4, undefined, { ref: false });
      // What is thrown returns the job to the queue.
      if (!(error instanceof LostJob) || error instanceof LeaseOver || !isOurs) throw error;
      const { currentEntry, worker, how } = error;
      return { helper, loss: { currentEntry, worker, how } };
    } finally {
      this.held.delete(held);
      this.extendLease();
    }
  }

  private async runHere(queued: QueuedJob<Job, Answer>, job: Job, number: number): Promise<Report> {
    const { fs, config } = this.options;
    const began = performance.now();
    // A job that was given back has not been run.
    const attempt = Math.min(1 + queued.attemptsMade + queued.stalledCounter, ATTEMPTS_PER_JOB - 1);
    const first = number * ATTEMPTS_PER_JOB;
    try {
      // Temporary files of earlier attempts: once they are removed, a machine that is not dead after all cannot publish them, and the
      // directory does not change when it is finished.
      if (attempt > 1 || queued.name === AGAIN) {
        removeTemporaries(fs, config, [job], (made) => made >= first && made < first + ATTEMPTS_PER_JOB);
      }
      return await this.pool.run(this.identities.jobHere(job), first + attempt);
    } finally {
      this.takeAhead(performance.now() - began < LONGEST_WAIT_MS);
      this.slots.release();
    }
  }

  // Beside a long job, asking the broker for the next one is nothing, and one ahead would be kept from an idle machine.
  private takeAhead(isShort: boolean): void {
    this.queue.concurrency = this.options.helper.jobs * (isShort ? 2 : 1);
  }

  private async giveBack({ job, token }: Held): Promise<never> {
    this.takeAhead(false);
    await job.moveToWait(token);
    throw new WaitingError();
  }

  private checked(queued: QueuedJob<Job, Answer>, number: number): Job {
    try {
      if (!Number.isSafeInteger(number)) throw new Error('it has no number');
      return checkJob(queued.data, this.options.config);
    } catch (error) {
      const message = `refused a job that no run of pcopy makes: ${(error as Error).message}`;
      if (!this.warned.has(message)) this.options.warn(message);
      this.warned.add(message);
      throw new UnrecoverableError(message);
    }
  }

  // The lock lasts at least lockMs from the request, so the time is taken before it is sent.
  private async renew(jobs: readonly Held[]): Promise<void> {
    if (jobs.length === 0) return;
    const until = monotonicMs() + lockMs() * 0.9;
    const ids = jobs.map(({ id }) => id);
    const tokens = jobs.map(({ token }) => token);
    let lost: readonly string[];
    try {
      lost = await this.queue.extendJobLocks(ids, tokens, lockMs());
    } catch {
      return; // The lease expires by itself.
    }
    for (const held of jobs) if (!lost.includes(held.id)) held.until = Math.max(held.until, until);
    this.extendLease();
  }

  private extendLease(): void {
    let until = Number.POSITIVE_INFINITY;
    for (const held of this.held) if (held.until > 0) until = Math.min(until, held.until);
    if (until !== Number.POSITIVE_INFINITY) this.lease.extendTo(until);
  }

  private async listen(): Promise<void> {
    for await (const event of this.events) {
      // Only the latest progress of each worker matters.
      if (event.type === 'progress') this.progress.set(event.worker, event);
      else this.progress.set(`${event.type} ${this.progress.size}`, event);
    }
  }

  private async sendProgress(): Promise<void> {
    const [held] = this.held;
    if (held === undefined || this.progress.size === 0) return;
    const events = [...this.progress.values()];
    this.progress.clear();
    const update: ProgressUpdate = { helper: this.options.helper, events };
    await held.job.updateProgress(update).catch(() => {}); // Another machine completed the job meanwhile.
  }
}

// The broker has locked a job after it was asked for it, which was at `processedOn` of this machine's clock. A clock that was set back
// since, in less than a twentieth, matters where it was by more than the tenth that is left. 0: the job has waited for longer.
function lockedUntil({ processedOn = 0 }: QueuedJob<Job, Answer>): number {
  const ageMs = Date.now() - processedOn;
  return ageMs >= 0 && ageMs < lockMs() / 20 ? monotonicMs() - ageMs + lockMs() * 0.9 : 0;
}

/** The letter keeps the queue from taking the id for one of its own, which are numbers. */
export function nameOf(number: number): string {
  return `j${number}`;
}

function numberOf(id: string): number {
  return /^j\d{1,13}$/.test(id) ? Number(id.slice(1)) : Number.NaN;
}
