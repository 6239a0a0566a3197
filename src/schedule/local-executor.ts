import { availableParallelism } from 'node:os';
import { PoolClosed, WorkerLost } from '../process/errors.ts';
import { ProcessPool } from '../process/pool.ts';
import type { Queue } from '../process/queue.ts';
import { task } from '../process/tasks.ts';
import type { Job } from '../protocol/jobs.ts';
import { LEASE_OVER_EXIT_CODE } from '../protocol/lease.ts';
import type { Report, WorkerEvent } from '../protocol/report.ts';
import { NO_CURRENT_ENTRY, WORKER_TASKS, type WorkerConfig } from '../protocol/worker-config.ts';
import { removeTemporaries } from '../report/clean-up.ts';
import { AskedBack } from './asked-back.ts';
import { type ExecutorSetup, LeaseOver, type LocalExecutor, LostJob, NoWorkers } from './executor.ts';
import { workerProcess } from './worker-process.ts';

const setup = task<[config: WorkerConfig, events: Queue<WorkerEvent>, askedBack: string | null], void>(
  WORKER_TASKS,
  'setup',
);
const runJob = task<[job: Job, number: number], Report>(WORKER_TASKS, 'runJob');

/** One current job and one ahead per worker, so that none waits for the parent between two. */
const AHEAD = 1;

/**
 * A start takes a processor some 100 ms, so more at once would delay each other, and those that could copy meanwhile. One that hangs does
 * not keep the others waiting.
 */
const STARTS_AT_ONCE = Math.max(2, availableParallelism());

/** Milliseconds: beside a job that takes so long, waiting for the parent is nothing, and one ahead would keep an idle worker from it. */
const LONG_JOB = 100;

/** Weight of the last job in the mean of their lengths. */
const WEIGHT = 1 / 8;

/**
 * Milliseconds. A killed worker dies when its system call ends, and some calls (a disk that does not answer, a frozen
 * group of processes) do not end.
 */
const LONGEST_END = 2_000;

/** The executor on a pool of child processes. */
export function localExecutor({ limit, config, events, early, fs }: ExecutorSetup): LocalExecutor {
  const askedBack = new AskedBack();
  const pool = new ProcessPool(limit.current, {
    ...workerProcess(),
    prefetch: AHEAD,
    startsAtOnce: STARTS_AT_ONCE,
    initializer: setup,
    initargs: [config, events, askedBack.path],
    prestarted: early,
  });
  const numbers = new WeakMap<Job, number>();
  let count = 0;
  let inFlight = 0;
  let meanMs = 0;
  return {
    get workers() {
      return pool.size;
    },
    get started() {
      return pool.workers.length;
    },
    get capacity() {
      return pool.size * (meanMs > LONG_JOB ? 1 : 1 + AHEAD);
    },
    run: async (job, number = ++count) => {
      inFlight++;
      numbers.set(job, number);
      try {
        const report = await pool.apply(runJob, [job, number]);
        if (job.kind === 'entries') meanMs += WEIGHT * (report.busyMs - meanMs);
        return report;
      } catch (error) {
        const translated = translate(error);
        if (translated instanceof LostJob) removeTemporaries(fs, config, [job], (made) => made === number);
        throw translated;
      } finally {
        inFlight--;
      }
    },
    askBack(job) {
      const number = numbers.get(job);
      if (number !== undefined) askedBack.ask(number);
    },
    expect(jobs) {
      pool.expect(jobs);
    },
    heard({ worker, work }, hasMore) {
      limit.observe({ ...work, worker, atMs: performance.now() }, hasMore || inFlight > pool.size);
      if (limit.current !== pool.size) pool.resize(limit.current);
    },
    terminate: async () => {
      await Promise.race([pool.terminate(), longestEnd()]);
      askedBack.close();
    },
  };
}

function longestEnd(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, LONGEST_END).unref());
}

function translate(error: unknown): unknown {
  if (error instanceof WorkerLost) {
    const cause = { cause: error };
    if (!error.started) {
      const why = error.cause instanceof Error ? error.cause.message : error.message;
      return new NoWorkers(`no worker process can be started: ${why}`, cause);
    }
    if (error.exitCode === LEASE_OVER_EXIT_CODE) return new LeaseOver(null, error.index, 'its lease is over', cause);
    const currentEntry = error.note === null || error.note === NO_CURRENT_ENTRY ? null : error.note;
    return new LostJob(currentEntry, error.index, error.signal ?? `exit code ${error.exitCode}`, cause);
  }
  if (error instanceof PoolClosed) return new NoWorkers('the workers were ended', { cause: error });
  return error;
}
