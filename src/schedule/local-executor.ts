import type { PrestartedWorker } from '../process/index.ts';
import { PoolClosed, ProcessPool, type Queue, task, WorkerLost } from '../process/index.ts';
import type { Job } from '../protocol/jobs.ts';
import type { Report, WorkerEvent } from '../protocol/report.ts';
import { NO_CURRENT_ENTRY, WORKER_TASKS, type WorkerConfig } from '../protocol/worker-config.ts';
import { workerProcess } from './early.ts';
import { type Executor, LostJob, NoWorkers } from './executor.ts';

const setup = task<[config: WorkerConfig, events: Queue<WorkerEvent>], void>(WORKER_TASKS, 'setup');
const runJob = task<[job: Job], Report>(WORKER_TASKS, 'runJob');

/** One job in hand and one ahead per worker, so that none waits for the parent between two. */
const AHEAD = 1;

/** The executor on a pool of child processes. Its workers tell what they do through `events`. */
export function localExecutor(
  jobs: number,
  config: WorkerConfig,
  events: Queue<WorkerEvent>,
  early: readonly PrestartedWorker[],
): Executor {
  const pool = new ProcessPool(jobs, {
    ...workerProcess(),
    prefetch: AHEAD,
    initializer: setup,
    initargs: [config, events],
    prestarted: early,
  });
  return {
    workers: jobs,
    capacity: jobs * (1 + AHEAD),
    run: (job) => pool.apply(runJob, [job]).catch(translate),
    terminate: () => pool.terminate(),
  };
}

function translate(error: unknown): never {
  if (error instanceof WorkerLost) {
    const cause = { cause: error };
    if (!error.started) {
      const why = error.cause instanceof Error ? error.cause.message : error.message;
      throw new NoWorkers(`no worker process can be started: ${why}`, cause);
    }
    const currentEntry = error.note === null || error.note === NO_CURRENT_ENTRY ? null : error.note;
    throw new LostJob(currentEntry, error.pid ?? -1, error.index, error.signal ?? `exit code ${error.exitCode}`, cause);
  }
  if (error instanceof PoolClosed) throw new NoWorkers('the workers were ended', { cause: error });
  throw error;
}
