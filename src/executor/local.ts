import { NOTHING_IN_HAND } from '../copy/note.ts';
import type { PrestartedWorker } from '../process/index.ts';
import { PoolClosed, ProcessPool, prestartWorker, type Queue, task, WorkerLost } from '../process/index.ts';
import type { Job, Report, WorkerConfig, WorkerEvent } from '../wire.ts';
import { type Executor, LostJob, NoWorkers } from './executor.ts';

const MODULE = new URL('./worker.js', distribution());
const setup = task<[config: WorkerConfig, events: Queue<WorkerEvent>], void>(MODULE, 'setup');
const runJob = task<[job: Job], Report>(MODULE, 'runJob');

/** One job in hand and one ahead per worker, so that none waits for the parent between two. */
const AHEAD = 1;

/** Forks a worker before it is known what for; it loads while the parent still reads its options. */
export function startWorkerEarly(): PrestartedWorker {
  return prestartWorker({ preload: [MODULE], notes: true });
}

/** The executor on a pool of child processes. Its workers tell what they do through `events`. */
export function localExecutor(
  jobs: number,
  config: WorkerConfig,
  events: Queue<WorkerEvent>,
  early: readonly PrestartedWorker[],
): Executor {
  const pool = new ProcessPool(jobs, {
    preload: [MODULE],
    notes: true,
    prefetch: AHEAD,
    initializer: setup,
    initargs: [config, events],
    prestarted: early,
  });
  return {
    capacity: jobs * (1 + AHEAD),
    run: (job) => pool.apply(runJob, [job]).catch(translate),
    close: async () => {
      pool.close();
      await pool.join();
    },
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
    const inHand = error.note === null || error.note === NOTHING_IN_HAND ? null : error.note;
    throw new LostJob(inHand, error.pid ?? -1, error.signal ?? `exit code ${error.exitCode}`, cause);
  }
  if (error instanceof PoolClosed) throw new NoWorkers('the workers were ended', { cause: error });
  throw error;
}

// Bundled modules lie in dist/ or in dist/chunks/; the worker's entry lies in dist/.
function distribution(): URL {
  return new URL(import.meta.url.includes('/chunks/') ? '../' : './', import.meta.url);
}
