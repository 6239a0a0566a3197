import { setTimeout as delay } from 'node:timers/promises';
import type { FileSystem } from '../fs/file-system.ts';
import type { PrestartedWorker } from '../process/prestart.ts';
import { Queue } from '../process/queue.ts';
import '../process/queue-core.ts';
import type { Job } from '../protocol/jobs.ts';
import type { WorkerEvent } from '../protocol/report.ts';
import { monotonicMs } from '../protocol/steady-clock.ts';
import type { WorkerConfig } from '../protocol/worker-config.ts';
import { removeTemporaries } from '../report/clean-up.ts';
import { type LocalExecutor, LostJob, NoWorkers } from '../schedule/executor.ts';
import { localExecutor } from '../schedule/local-executor.ts';
import { WorkerLimit } from '../schedule/worker-limit.ts';
import { checkJob } from './check-job.ts';
import { type Job as QueuedJob, type Redis, UnrecoverableError, Worker } from './engine.ts';
import { Identities } from './identities.ts';
import { Lease } from './lease.ts';
import { type Answer, type Helper, lockMs, type News, PREFIX } from './shared-run.ts';

/** How often news of jobs go to the run, in milliseconds. */
const TELL_EVERY = 200;
/** Milliseconds in which the broker is told of what is given up. */
const LAST_WORDS_MS = 2000;
/** Temporary names carry the number of the job and, below this, of the attempt. */
const MOST_ATTEMPTS_TOLD = 100;

export interface Hands {
  fs: FileSystem;
  /** As this machine sees it. */
  config: WorkerConfig;
  helper: Helper;
  early: readonly PrestartedWorker[];
  /** What is wrong, for a person. */
  warn: (message: string) => void;
  /** No worker can be started here: no more jobs are taken. */
  lost: (error: Error) => void;
}

/** Takes jobs of one run from the broker and lets a pool of this machine's own do them. */
export class JobRunner {
  private readonly hands: Hands;
  private readonly queue: Worker<Job, Answer>;
  private readonly events: Queue<WorkerEvent>;
  private readonly pool: LocalExecutor;
  private readonly lease = new Lease();
  private readonly identities: Identities;
  /** The tokens of the jobs in hand, and until when each is surely ours. */
  private readonly held = new Map<string, { token: string; until: number; job: QueuedJob<Job, Answer> }>();
  private readonly news = new Map<number | string, WorkerEvent>();
  private readonly timers: NodeJS.Timeout[] = [];
  private warned = new Set<string>();
  private isEnded = false;

  constructor(client: Redis, id: string, hands: Hands) {
    const { fs, config, helper, early } = hands;
    this.hands = hands;
    this.identities = new Identities(config.source.identity, config.destination.identity);
    this.events = new Queue<WorkerEvent>(64 * helper.jobs);
    const shared = { ...config, lease: this.lease.path };
    this.pool = localExecutor(new WorkerLimit(helper.jobs, helper.jobs), shared, this.events, early, fs);
    this.queue = new Worker<Job, Answer>(id, (job, token) => this.process(job, token ?? ''), {
      connection: client,
      prefix: PREFIX,
      name: helper.name,
      concurrency: this.pool.capacity,
      lockDuration: lockMs(),
      // Ours says when it was: see `renew`.
      skipLockRenewal: true,
      // The coordinator looks for those whose machine is lost; without it nobody needs them.
      skipStalledCheck: true,
    });
    this.queue.on('error', () => {}); // A lost connection is made again, a lost job is another's.
    this.timers.push(setInterval(() => void this.renew([...this.held.keys()]), lockMs() / 4));
    this.timers.push(setInterval(() => void this.tell(), TELL_EVERY));
    void this.listen();
  }

  /** Takes no more jobs, and hands back what is not begun. Resolves when nothing is in hand. */
  async finish(): Promise<void> {
    this.isEnded = true;
    this.lease.end();
    await this.queue.close();
    await this.end();
  }

  /** Gives up what is in hand, at once. */
  async terminate(): Promise<void> {
    const jobs = [...this.held.values()].map(({ job }) => job.data);
    this.isEnded = true;
    const numbers = new Set([...this.held.keys()].map(numberOf));
    await this.pool.terminate();
    removeTemporaries(this.hands.fs, this.hands.config, jobs, (made) =>
      numbers.has(Math.floor(made / MOST_ATTEMPTS_TOLD)),
    );
    // What was given up goes back to the queue, if the broker is there.
    await Promise.race([this.queue.close(), delay(LAST_WORDS_MS, undefined, { ref: false })]);
    await this.queue.close(true);
    await this.end();
  }

  private async end(): Promise<void> {
    for (const timer of this.timers) clearInterval(timer);
    await this.pool.terminate();
    await this.events.close();
    this.lease.close();
  }

  private async process(queued: QueuedJob<Job, Answer>, token: string): Promise<Answer> {
    const id = queued.id ?? '';
    const number = numberOf(id);
    const job = this.checked(queued, number);
    const { fs, config, helper } = this.hands;
    this.held.set(id, { token, until: 0, job: queued });
    try {
      // A moment of which it is known that the job is ours: it may have waited here, with this machine paused.
      await this.renew([id]);
      if (this.held.get(id)?.until === 0) throw new Error('the job is not ours any more');
      const attempt = Math.min(queued.attemptsStarted, MOST_ATTEMPTS_TOLD - 1);
      const first = number * MOST_ATTEMPTS_TOLD;
      // What somebody left who was lost with it; without its temporary name, nothing can get its final one any more.
      if (attempt > 1) {
        removeTemporaries(fs, config, [job], (made) => made >= first && made < first + attempt);
      }
      const report = await this.pool.run(this.identities.jobHere(job), first + attempt);
      await this.tell();
      return { helper, report: this.identities.reportForAll(report) };
    } catch (error) {
      if (error instanceof NoWorkers && !this.isEnded) this.hands.lost(error);
      if (!(error instanceof LostJob) || this.isOver(id)) throw error;
      const { currentEntry, worker, how } = error;
      return { helper, loss: { currentEntry, worker, how } };
    } finally {
      this.held.delete(id);
      this.extendLease();
    }
  }

  private checked(queued: QueuedJob<Job, Answer>, number: number): Job {
    try {
      if (!Number.isSafeInteger(number)) throw new Error('it has no number');
      return checkJob(queued.data, this.hands.config);
    } catch (error) {
      const message = `refused a job that no run of pcopy makes: ${(error as Error).message}`;
      if (!this.warned.has(message)) this.hands.warn(message);
      this.warned.add(message);
      throw new UnrecoverableError(message);
    }
  }

  private isOver(id: string): boolean {
    return (this.held.get(id)?.until ?? 0) < monotonicMs();
  }

  // The time is taken before the broker is asked: from then on at least it is ours.
  private async renew(ids: readonly string[]): Promise<void> {
    if (ids.length === 0) return;
    const until = monotonicMs() + lockMs() * 0.9;
    const tokens = ids.map((id) => this.held.get(id)?.token ?? '');
    let lost: readonly string[];
    try {
      lost = await this.queue.extendJobLocks([...ids], tokens, lockMs());
    } catch {
      return; // The lease runs out by itself.
    }
    for (const id of ids) {
      const held = this.held.get(id);
      if (held !== undefined && !lost.includes(id)) held.until = Math.max(held.until, until);
    }
    this.extendLease();
  }

  private extendLease(): void {
    let until = Number.POSITIVE_INFINITY;
    for (const held of this.held.values()) if (held.until > 0) until = Math.min(until, held.until);
    if (until !== Number.POSITIVE_INFINITY) this.lease.extendTo(until);
  }

  private async listen(): Promise<void> {
    for await (const event of this.events) {
      // Of progress the last news of each worker are enough.
      if (event.type === 'progress') this.news.set(event.worker, event);
      else this.news.set(`${event.type} ${this.news.size}`, event);
    }
  }

  private async tell(): Promise<void> {
    const [held] = this.held.values();
    if (held === undefined || this.news.size === 0) return;
    const events = [...this.news.values()];
    this.news.clear();
    const news: News = { helper: this.hands.helper, events };
    await held.job.updateProgress(news).catch(() => {}); // Somebody else has done it meanwhile.
  }
}

/** The names of jobs: a letter, since the queue takes a mere number for one of its own. */
export function nameOf(number: number): string {
  return `j${number}`;
}

function numberOf(id: string): number {
  return /^j\d{1,13}$/.test(id) ? Number(id.slice(1)) : Number.NaN;
}
