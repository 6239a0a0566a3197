import { setTimeout as delay } from 'node:timers/promises';
import { version } from '../api/version.ts';
import type { FileSystem } from '../fs/file-system.ts';
import type { PrestartedWorker } from '../process/prestart.ts';
import type { Queue as EventQueue } from '../process/queue.ts';
import type { Job } from '../protocol/jobs.ts';
import type { Report, WorkerEvent } from '../protocol/report.ts';
import type { WorkerConfig } from '../protocol/worker-config.ts';
import { removeTemporaries } from '../report/clean-up.ts';
import { type Executor, LostJob, NoWorkers } from '../schedule/executor.ts';
import type { WorkerLimit } from '../schedule/worker-limit.ts';
import { checkAnswer, checkNews } from './check-answer.ts';
import { connect, shownBroker } from './connection.ts';
import { Queue, QueueEvents, type Redis, Worker } from './engine.ts';
import { Identities } from './identities.ts';
import { JobRunner, nameOf } from './job-runner.ts';
import { Machines } from './machines.ts';
import { leaveProof, removeProof } from './proof.ts';
import {
  type Answer,
  encodeConfig,
  keyOfRun,
  lockMs,
  MOST_ATTEMPTS,
  type News,
  type Notice,
  PREFIX,
  REFUSED,
  RUNS,
  thisHelper,
} from './shared-run.ts';

/** Jobs that wait for machines which join. */
const SPARE = 16;
/** Milliseconds without the broker after which a run is given up. */
const PATIENCE_MS = 30_000;
/** Milliseconds that helpers have to give up what is in hand when a run ends before its end. */
const WIND_UP_MS = 3_000;
const LOOK_EVERY = 50;

/** Takes what a person should know: who may not help, and why. */
type Warn = (message: string) => void;

/** The broker of one run: connected before anything is written. */
export class Broker {
  readonly url: string;
  private readonly client: Redis;
  private readonly warn: Warn;

  constructor(url: string, client: Redis, warn: Warn) {
    this.url = url;
    this.client = client;
    this.warn = warn;
  }

  /** An executor as `localExecutor` is, whose jobs go to whoever helps, this machine's own workers among them. */
  executor(
    limit: WorkerLimit,
    config: WorkerConfig,
    events: EventQueue<WorkerEvent>,
    early: readonly PrestartedWorker[],
    fs: FileSystem,
  ): Executor {
    const { client, url, warn } = this;
    return new SharedExecutor({ client, url, warn, jobs: limit.current, config, events, early, fs });
  }

  close(): void {
    this.client.disconnect();
  }
}

/** @throws RefusedError when it cannot be reached */
export async function connectBroker(url: string, warn: Warn): Promise<Broker> {
  return new Broker(url, await connect(url), warn);
}

interface Setup {
  client: Redis;
  url: string;
  warn: Warn;
  jobs: number;
  config: WorkerConfig;
  events: EventQueue<WorkerEvent>;
  early: readonly PrestartedWorker[];
  fs: FileSystem;
}

interface Pending {
  job: Job;
  resolve: (report: Report) => void;
  reject: (error: Error) => void;
}

/** One queue of jobs for all machines. What comes back is known by the job's name, and taken once. */
class SharedExecutor implements Executor {
  private readonly setup: Setup;
  private readonly id: string;
  private readonly queue: Queue<Job, Answer>;
  private readonly queueEvents: QueueEvents;
  private readonly machines: Machines;
  private readonly identities: Identities;
  private readonly pending = new Map<string, Pending>();
  /** Jobs that were given to a machine which may not have ended with them, though another one has done them since. */
  private readonly doubtful = new Set<Job>();
  private readonly ready: Promise<void>;
  private readonly text: string;
  private readonly removeProof: () => void;
  private readonly watch: Worker;
  private own: JobRunner | null = null;
  private timer: NodeJS.Timeout | undefined;
  private lastAnswer = performance.now();
  private count = 0;
  private ended: Promise<void> | undefined;
  private failure: Error | null = null;

  constructor(setup: Setup) {
    const { client, fs, config, jobs } = setup;
    this.setup = setup;
    this.id = config.runMark;
    this.machines = new Machines(jobs);
    this.identities = new Identities(config.source.identity, config.destination.identity);
    const connection = { connection: client, prefix: PREFIX };
    const quick = { removeOnComplete: true, removeOnFail: true, attempts: MOST_ATTEMPTS };
    this.queue = new Queue<Job, Answer>(this.id, { ...connection, defaultJobOptions: quick });
    this.queueEvents = new QueueEvents(this.id, { connection: client.duplicate(), prefix: PREFIX, lastEventId: '0' });
    this.watch = new Worker(this.id, null, {
      ...connection,
      autorun: false,
      stalledInterval: lockMs() / 3,
      // Machines come and go; a job that no machine survives ends by the number of its attempts.
      maxStalledCount: MOST_ATTEMPTS,
    });
    this.watch.on('error', () => {});
    this.queue.on('error', () => {});
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
    this.text = JSON.stringify({ version: version(), config: forAll, proof });
    this.ready = this.begin();
    this.ready.catch((error: Error) => this.fail(error));
  }

  get workers(): number {
    return Math.max(this.machines.count, 1);
  }

  /** One in hand and one ahead for each worker, of all machines that were heard of. */
  get capacity(): number {
    return 2 * this.machines.count + SPARE;
  }

  async run(job: Job): Promise<Report> {
    await this.ready;
    if (this.failure !== null) throw this.failure;
    // Directories get their times from here on: nobody may join, and so the proof is not needed any more.
    if (job.kind === 'finish') this.removeProof();
    const name = nameOf(++this.count);
    return new Promise<Report>((resolve, reject) => {
      this.pending.set(name, { job, resolve, reject });
      this.add(name, job).catch((error: Error) => this.fail(error));
    });
  }

  terminate(): Promise<void> {
    this.ended ??= this.end();
    return this.ended;
  }

  private async begin(): Promise<void> {
    const { client, fs, config, jobs, early, warn } = this.setup;
    this.listen();
    await this.tellRun();
    await this.watch.startStalledCheckTimer();
    this.timer = setInterval(() => void this.keepUp(), lockMs() / 3);
    if (jobs > 0) {
      const helper = thisHelper(jobs);
      const lost = (error: Error): void => this.giveUp(error);
      this.own = new JobRunner(client, this.id, { fs, config, helper, early, warn, lost });
    }
  }

  private add(name: string, job: Job): Promise<unknown> {
    return this.queue.add(job.kind, job, { jobId: name });
  }

  private async tellRun(): Promise<void> {
    const { client } = this.setup;
    await client.set(keyOfRun(this.id), this.text, 'PX', lockMs());
    await client.zadd(RUNS, Date.now(), this.id);
  }

  // The broker may have lost all it had: what is not there any more is told again.
  private async keepUp(): Promise<void> {
    if (performance.now() - this.lastAnswer > PATIENCE_MS) {
      return this.fail(new Error(`it has not answered for ${PATIENCE_MS / 1000} s`));
    }
    try {
      const isKnown = (await this.setup.client.pexpire(keyOfRun(this.id), lockMs())) === 1;
      this.lastAnswer = performance.now();
      if (isKnown || this.ended !== undefined) return;
      await this.tellRun();
      for (const [name, { job }] of this.pending) {
        this.doubtful.add(job);
        await this.add(name, job);
      }
    } catch (error) {
      this.fail(error as Error);
    }
  }

  private listen(): void {
    const { queueEvents } = this;
    queueEvents.on('error', () => {}); // A lost connection is made again.
    queueEvents.on('completed', ({ jobId, returnvalue }) => this.completed(jobId, checkAnswer(returnvalue)));
    queueEvents.on('failed', ({ jobId, failedReason }) => {
      const pending = this.take(jobId);
      pending?.reject(new LostJob(null, -1, failedReason));
    });
    queueEvents.on('stalled', ({ jobId }) => this.doubt(jobId));
    queueEvents.on('waiting', ({ jobId, prev }) => prev !== undefined && this.doubt(jobId));
    queueEvents.on('progress', ({ data }) => this.takeNews(checkNews(data)));
    const notices = queueEvents as unknown as NodeJS.EventEmitter;
    notices.on(REFUSED, ({ helper, message }: Notice) => this.setup.warn(`${helper} does not help: ${message}`));
  }

  private doubt(name: string): void {
    const pending = this.pending.get(name);
    if (pending !== undefined) this.doubtful.add(pending.job);
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
    const told = report.failures.map((failure) => this.setup.events.put({ type: 'failed', failure }));
    Promise.all(told).then(
      () => pending.resolve(report),
      (error: Error) => pending.reject(error),
    );
  }

  private takeNews(news: News | null): void {
    if (news === null) return;
    const { helper, events } = news;
    for (const event of events) {
      const here =
        event.type === 'progress' ? { ...event, worker: this.machines.workerOf(helper, event.worker) } : event;
      this.setup.events.put(here).catch(() => {}); // The run has ended.
    }
  }

  private fail(error: Error): void {
    const where = shownBroker(this.setup.url);
    const message = `the broker ${where} is lost (${error.message}): when it is back, run again with -u`;
    this.giveUp(new NoWorkers(message, { cause: error }));
  }

  private giveUp(error: Error): void {
    if (this.ended !== undefined || this.failure !== null) return;
    this.failure = error;
    for (const name of [...this.pending.keys()]) this.take(name)?.reject(this.failure);
  }

  // Helpers see within a moment that the run is not there any more, and give up what they have in hand.
  private async end(): Promise<void> {
    const { client, fs, config } = this.setup;
    clearInterval(this.timer);
    for (const name of [...this.pending.keys()]) {
      const pending = this.take(name);
      if (pending === undefined) continue;
      this.doubtful.add(pending.job);
      pending.reject(new NoWorkers('the workers were ended'));
    }
    await this.own?.terminate();
    this.removeProof();
    await this.watch.close(true).catch(() => {});
    const isThere = this.failure === null && client.status === 'ready';
    if (isThere) await Promise.race([this.clear(), delay(WIND_UP_MS * 2, undefined, { ref: false })]).catch(() => {});
    removeTemporaries(fs, config, this.doubtful, null);
    await this.queueEvents.close().catch(() => {});
    await this.queue.close().catch(() => {});
  }

  private async clear(): Promise<void> {
    const { client } = this.setup;
    await client.zrem(RUNS, this.id);
    await client.del(keyOfRun(this.id));
    if (this.doubtful.size > 0) {
      await this.queue.pause();
      const until = performance.now() + WIND_UP_MS;
      while ((await this.queue.getActiveCount()) > 0 && performance.now() < until) await delay(LOOK_EVERY);
    }
    await forget(client, this.queue);
  }
}

/** Removes all that a run has left at the broker. */
export async function forget(client: Redis, queue: Queue): Promise<void> {
  await queue.obliterate({ force: true });
  await client.del(queue.keys.events ?? '', queue.keys.meta ?? '', queue.keys['stalled-check'] ?? '');
}
