import { setTimeout as delay } from 'node:timers/promises';
import { version } from '../api/version.ts';
import type { Job } from '../protocol/jobs.ts';
import type { Report } from '../protocol/report.ts';
import { removeTemporaries } from '../report/clean-up.ts';
import { type Executor, type ExecutorSetup, LostJob, NoWorkers } from '../schedule/executor.ts';
import { Queue, type Redis, Worker } from './bullmq.ts';
import { checkAnswer, checkProgress } from './check-answer.ts';
import { connect, shownBroker } from './connection.ts';
import { Identities } from './identities.ts';
import { inTime } from './in-time.ts';
import { JobRunner, nameOf } from './job-runner.ts';
import { Machines } from './machines.ts';
import { leaveProof, removeProof } from './proof.ts';
import { exchangeShares, keysOfShares, RateShares, SHARES_INTERVAL_MS } from './rate-shares.ts';
import { RunEvents } from './run-events.ts';
import { announce } from './runs-watch.ts';
import {
  AGAIN,
  type Answer,
  encodeConfig,
  keyOfRun,
  lockMs,
  MOST_ATTEMPTS,
  type Notice,
  PREFIX,
  type ProgressUpdate,
  REFUSED,
  RUNS,
  thisHelper,
} from './shared-run.ts';

/** Jobs kept waiting for machines that join. */
const SPARE = 16;
/** Milliseconds without an answer of the broker after which a run is aborted. */
const BROKER_TIMEOUT_MS = 30_000;
/** Milliseconds that helpers have to abort their jobs when a run is ended early. */
const ABORT_TIMEOUT_MS = 3_000;
const POLL_INTERVAL_MS = 50;

const TIMEOUT = `${BROKER_TIMEOUT_MS / 1000} s`;

function renewalMs(): number {
  return lockMs() / 3;
}

/** Shows a warning to the user: which machine may not help, and why. */
type Warn = (message: string) => void;

export interface BrokerOptions {
  url: string;
  warn: Warn;
  /** The rate of all machines together; null: without limit. */
  bytesPerSecond: number | null;
}

/** The broker of one run: connected before anything is written. */
export class Broker {
  readonly url: string;
  private readonly client: Redis;
  private readonly warn: Warn;
  private readonly bytesPerSecond: number | null;

  constructor(client: Redis, { url, warn, bytesPerSecond }: BrokerOptions) {
    this.url = url;
    this.client = client;
    this.warn = warn;
    this.bytesPerSecond = bytesPerSecond;
  }

  /** Like `localExecutor`, but its jobs go to all machines that help, this one included. */
  executor(setup: ExecutorSetup): Executor {
    const { client, url, warn, bytesPerSecond } = this;
    return new SharedExecutor({ ...setup, client, url, warn, bytesPerSecond, jobs: setup.limit.current });
  }

  close(): void {
    this.client.disconnect();
  }
}

/** @throws RefusedError when it cannot be reached */
export async function connectBroker(options: BrokerOptions): Promise<Broker> {
  return new Broker(await connect(options.url), options);
}

interface Setup extends ExecutorSetup, BrokerOptions {
  client: Redis;
  jobs: number;
}

interface Pending {
  job: Job;
  resolve: (report: Report) => void;
  reject: (error: Error) => void;
  /** Since when the broker does not have it, and the beat after which its report cannot be on the way; null: it has. */
  missing: { sinceMs: number; beat: number } | null;
}

/** One queue of jobs for all machines. The first answer to a job counts, later ones are ignored. */
class SharedExecutor implements Executor {
  private readonly setup: Setup;
  private readonly id: string;
  private readonly queue: Queue<Job, Answer>;
  private readonly subscriber: Redis;
  private readonly queueEvents: RunEvents;
  private readonly machines: Machines;
  private readonly identities: Identities;
  private readonly pending = new Map<string, Pending>();
  /** Jobs that a machine may still be running, even where another one has completed them. */
  private readonly possiblyRunning = new Set<Job>();
  private readonly ready: Promise<void>;
  private stop: () => void = () => {};
  /** Jobs do not wait for a broker that is not there any more. */
  private readonly stopped = new Promise<void>((resolve) => {
    this.stop = resolve;
  });
  private readonly text: string;
  private readonly removeProof: () => void;
  private readonly watch: Worker;
  private own: JobRunner | null = null;
  private readonly timers: NodeJS.Timeout[] = [];
  /** Intervals that the current renewal of the run has taken so far; null: there is none. */
  private waited: number | null = null;
  private count = 0;
  private isHinted = false;
  private ended: Promise<void> | undefined;
  private failure: Error | null = null;

  constructor(setup: Setup) {
    const { client, fs, config, jobs, bytesPerSecond } = setup;
    this.setup = setup;
    this.id = config.runMark;
    this.machines = new Machines(thisHelper(jobs));
    this.identities = new Identities(config.source.identity, config.destination.identity);
    const proof = leaveProof(fs, config);
    let isThere = true;
    this.removeProof = () => {
      if (isThere) removeProof(fs, config, proof);
      isThere = false;
    };
    const forAll = {
      ...encodeConfig(config),
      forbidden: config.forbidden.map((identity) => this.identities.common(this.identities.common(identity, 'D'), 'S')),
    };
    this.text = JSON.stringify({ version: version(), config: forAll, proof, bytesPerSecond });
    // Helpers prepare themselves while this one does.
    const published = this.publishRun();
    const connection = { connection: client, prefix: PREFIX };
    const quick = { removeOnComplete: true, removeOnFail: true, attempts: MOST_ATTEMPTS };
    this.queue = new Queue<Job, Answer>(this.id, { ...connection, defaultJobOptions: quick });
    this.subscriber = client.duplicate();
    this.queueEvents = new RunEvents(this.id, this.subscriber);
    this.watch = new Worker(this.id, null, {
      ...connection,
      autorun: false,
      stalledInterval: lockMs() / 3,
      // Machines may come and go; a job that crashes every machine is ended by its number of attempts.
      maxStalledCount: MOST_ATTEMPTS,
    });
    this.watch.on('error', () => {});
    this.queue.on('error', () => {});
    this.ready = this.begin(published);
    this.ready.catch((error: Error) => this.fail(error));
  }

  get workers(): number {
    return Math.max(this.machines.count, 1);
  }

  /** One running and one waiting job for each worker of all known machines. */
  get capacity(): number {
    return 2 * this.machines.count + SPARE;
  }

  async run(job: Job): Promise<Report> {
    await Promise.race([this.ready, this.stopped]);
    if (this.failure !== null) throw this.failure;
    if (this.ended !== undefined) throw ended();
    // The proof must be gone before the directory that it is in gets its times. From here on no new machine can join.
    if (job.kind === 'finish' && [...job.made, ...job.kept].includes('')) this.removeProof();
    const name = nameOf(++this.count);
    return new Promise<Report>((resolve, reject) => {
      this.pending.set(name, { job, resolve, reject, missing: null });
      this.add(name, job).catch((error: Error) => this.fail(error));
    });
  }

  terminate(): Promise<void> {
    this.ended ??= this.end();
    this.stop();
    return this.ended;
  }

  private async begin(published: Promise<void>): Promise<void> {
    const { client, fs, config, jobs, bytesPerSecond, early, warn } = this.setup;
    this.listen();
    this.timers.push(setInterval(() => void this.renewRun(), renewalMs()));
    await published;
    if (bytesPerSecond !== null && this.ended === undefined) this.shareRate(new RateShares(bytesPerSecond));
    await this.watch.startStalledCheckTimer();
    if (jobs > 0 && this.ended === undefined) {
      const helper = thisHelper(jobs);
      const lost = (error: Error): void => this.abort(error);
      this.own = new JobRunner(client, this.id, { fs, config, helper, bytesPerSecond, early, warn, lost });
    }
  }

  private shareRate(shares: RateShares): void {
    const exchange = (): void => void exchangeShares(this.setup.client, this.id, shares).catch(() => {}); // The next one may do.
    this.timers.push(setInterval(exchange, SHARES_INTERVAL_MS));
  }

  private add(name: string, job: Job, kind: string = job.kind): Promise<unknown> {
    return this.queue.add(kind, job, { jobId: name });
  }

  private async publishRun(): Promise<void> {
    const { client } = this.setup;
    await Promise.all([
      client.set(keyOfRun(this.id), this.text, 'PX', lockMs()),
      client.zadd(RUNS, Date.now(), this.id),
      announce(client, this.id),
    ]);
  }

  // One at a time, however long the broker is away: two could both take a job for lost, and add it.
  private async renewRun(): Promise<void> {
    if (this.waited !== null) {
      // Not by the clock, which goes on while this process is stopped.
      if (++this.waited * renewalMs() > BROKER_TIMEOUT_MS) this.fail(new Error(`it has not answered for ${TIMEOUT}`));
      return;
    }
    const { sent, heard } = this.queueEvents;
    if ((sent - heard) * renewalMs() > BROKER_TIMEOUT_MS) {
      return this.fail(new Error(`nothing has been heard of its events for ${TIMEOUT}`));
    }
    this.waited = 0;
    try {
      await this.renew();
    } catch (error) {
      this.fail(error as Error);
    } finally {
      this.waited = null;
    }
  }

  private async renew(): Promise<void> {
    const { client } = this.setup;
    const [renewed, since] = await Promise.all([
      client.pexpire(keyOfRun(this.id), lockMs()),
      client.zscore(RUNS, this.id),
    ]);
    if (this.ended !== undefined) return;
    this.hintWithoutHelpers();
    if (renewed !== 1 || since === null) await this.publishRun();
    await this.restoreJobs();
    if (this.ended === undefined) await this.queueEvents.sendBeat(client);
  }

  /**
   * Adds the jobs that the broker has lost, whatever has happened to them, when the leases of those who have them are over: two machines
   * with a lease would do a job at once, and the later one after the run has gone on.
   */
  private async restoreJobs(): Promise<void> {
    const names = [...this.pending.keys()];
    const keys = names.map((name) => this.queue.toKey(name));
    // Who has the lock can extend its lease.
    const there = await Promise.all(keys.map((key) => this.setup.client.exists(key, `${key}:lock`)));
    const now = performance.now();
    for (const [at, name] of names.entries()) {
      const pending = this.pending.get(name);
      if (pending === undefined) continue;
      if (there[at] !== 0) {
        pending.missing = null;
        continue;
      }
      // A job is missing, too, when it is done: then its report comes before the next beat.
      pending.missing ??= { sinceMs: now, beat: this.queueEvents.sent + 1 };
      const { sinceMs, beat } = pending.missing;
      if (now - sinceMs < lockMs() || this.queueEvents.heard < beat) continue;
      pending.missing = null;
      this.possiblyRunning.add(pending.job);
      await this.add(name, pending.job, AGAIN);
    }
  }

  private hintWithoutHelpers(): void {
    if (this.isHinted || this.machines.count > 0 || this.pending.size === 0) return;
    this.isHinted = true;
    this.setup.warn('waiting for a helper: no machine takes part yet (pcopy worker <url> --allow <dir>)');
  }

  private listen(): void {
    const { queueEvents } = this;
    queueEvents.on('error', () => {}); // The client reconnects.
    queueEvents.on('completed', ({ jobId, returnvalue }) => this.completed(jobId, checkAnswer(returnvalue)));
    queueEvents.on('failed', ({ jobId, failedReason }) => {
      const pending = this.take(jobId);
      pending?.reject(new LostJob(null, -1, failedReason));
    });
    // Who gives a job back has ended it.
    queueEvents.on('stalled', ({ jobId }) => {
      const pending = this.pending.get(jobId);
      if (pending !== undefined) this.possiblyRunning.add(pending.job);
    });
    queueEvents.on('progress', ({ data }) => this.onProgress(checkProgress(data)));
    const notices = queueEvents as unknown as NodeJS.EventEmitter;
    notices.on(REFUSED, ({ helper, message }: Notice) => this.setup.warn(`${helper} does not help: ${message}`));
  }

  private take(name: string): Pending | undefined {
    const pending = this.pending.get(name);
    this.pending.delete(name);
    return pending;
  }

  private completed(name: string, answer: Answer | null): void {
    const pending = this.take(name);
    if (pending === undefined) return;
    if (answer === null) return this.fail(new Error('an answer of another shape came from it'));
    const { helper } = answer;
    if ('loss' in answer) {
      const { currentEntry, worker, how } = answer.loss;
      return pending.reject(new LostJob(currentEntry, this.machines.workerOf(helper, worker), how));
    }
    const report = {
      ...answer.report,
      worker: this.machines.workerOf(helper, answer.report.worker),
      machine: helper.name,
    };
    const sent = report.failures.map((failure) => this.setup.events.put({ type: 'failed', failure }));
    Promise.all(sent).then(
      () => pending.resolve(report),
      (error: Error) => pending.reject(error),
    );
  }

  private onProgress(update: ProgressUpdate | null): void {
    if (update === null) return;
    const { helper, events } = update;
    for (const event of events) {
      const here =
        event.type === 'progress'
          ? { ...event, worker: this.machines.workerOf(helper, event.worker), machine: helper.name }
          : event;
      this.setup.events.put(here).catch(() => {}); // The run has ended.
    }
  }

  private fail(error: Error): void {
    const where = shownBroker(this.setup.url);
    const message = `the broker ${where} is lost (${error.message}): when it is back, run again with -u`;
    this.abort(new NoWorkers(message, { cause: error }));
  }

  private abort(error: Error): void {
    if (this.ended !== undefined || this.failure !== null) return;
    this.failure = error;
    this.stop();
    for (const name of [...this.pending.keys()]) this.take(name)?.reject(this.failure);
  }

  // Helpers are told that the run is gone, and abort its jobs.
  private async end(): Promise<void> {
    const { fs, config } = this.setup;
    for (const timer of this.timers) clearInterval(timer);
    for (const name of [...this.pending.keys()]) {
      const pending = this.take(name);
      if (pending === undefined) continue;
      this.possiblyRunning.add(pending.job);
      pending.reject(ended());
    }
    try {
      await this.own?.terminate();
    } finally {
      await this.leave();
    }
    removeTemporaries(fs, config, this.possiblyRunning, null);
  }

  private async leave(): Promise<void> {
    const { client } = this.setup;
    this.removeProof();
    await inTime(this.watch.close(true));
    const isThere = this.failure === null && client.status === 'ready' && (await inTime(this.withdrawRun()));
    if (isThere) await inTime(this.clear(), ABORT_TIMEOUT_MS * 2);
    await inTime(this.queueEvents.close());
    this.subscriber.disconnect();
    await inTime(this.queue.close());
  }

  private async withdrawRun(): Promise<void> {
    const { client } = this.setup;
    await Promise.all([client.zrem(RUNS, this.id), client.del(keyOfRun(this.id)), announce(client, this.id)]);
  }

  private async clear(): Promise<void> {
    if (this.possiblyRunning.size > 0) {
      await this.queue.pause();
      const until = performance.now() + ABORT_TIMEOUT_MS;
      while ((await this.queue.getActiveCount()) > 0 && performance.now() < until) await delay(POLL_INTERVAL_MS);
    }
    await removeRun(this.setup.client, this.queue);
  }
}

function ended(): NoWorkers {
  return new NoWorkers('the workers were ended');
}

/** Removes everything of a run from the broker. */
export async function removeRun(client: Redis, queue: Queue): Promise<void> {
  await queue.obliterate({ force: true });
  const { events = '', meta = '', 'stalled-check': check = '' } = queue.keys;
  await client.del(events, meta, check, ...keysOfShares(queue.name));
}
