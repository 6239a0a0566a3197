import type { Failure } from '../api/errors.ts';
import type { RawPath } from '../api/names.ts';
import type { FileSystem } from '../fs/file-system.ts';
import type { PrestartedWorker } from '../process/prestart.ts';
import type { Queue } from '../process/queue.ts';
import type { Job } from '../protocol/jobs.ts';
import type { Progress, Report, WorkerEvent } from '../protocol/report.ts';
import type { WorkerConfig } from '../protocol/worker-config.ts';
import type { WorkerLimit } from './worker-limit.ts';

/**
 * Gives jobs to workers and returns their reports. Nothing above this interface knows what a worker is: the local pool of processes
 * is one implementation, a queue to other machines another. A job may be run twice.
 */
export interface Executor {
  /** The number of jobs that can run at once; it may change during the run. */
  readonly workers: number;
  /** The number of those that are running or starting, if that is known: finishing is not worth another one. */
  readonly started?: number | undefined;
  /** The number of jobs that can be given out at once; more would only wait. */
  readonly capacity: number;
  /**
   * Rejects with LostJob when its worker died, after removing its temporary files; with NoWorkers when there are none.
   */
  run(job: Job): Promise<Report>;
  /** Asks the worker of a running job for what is left of it, if it takes long, so that idle workers can share it. */
  askBack?(job: Job): void;
  /** So many jobs will come: their workers may start meanwhile. */
  expect?(jobs: number): void;
  /** Takes progress events, which the number of workers may depend on, and on whether more jobs are ready. */
  heard?(progress: Progress, hasMore: boolean): void;
  /** Ends the workers at once; reported results are not lost. */
  terminate(): Promise<void>;
}

export interface ExecutorSetup {
  /** The number of workers. */
  limit: WorkerLimit;
  config: WorkerConfig;
  /** Takes the progress of the workers. */
  events: Queue<WorkerEvent>;
  /** Workers that are started already. */
  early: readonly PrestartedWorker[];
  fs: FileSystem;
}

export type ExecutorFactory = (setup: ExecutorSetup) => Executor;

/** An executor on this machine. Whoever numbers jobs by itself passes the number along. */
export interface LocalExecutor extends Executor {
  run(job: Job, number?: number): Promise<Report>;
}

/** The worker died during this job. */
export class LostJob extends Error {
  override name = 'LostJob';
  /** Index of its current entry; null for none or unknown. */
  readonly currentEntry: number | null;
  /** Slot of the dead worker. */
  readonly worker: number;
  /** A description. */
  readonly how: string;
  constructor(currentEntry: number | null, worker: number, how: string, options?: ErrorOptions) {
    super(`the worker process died (${how})`, options);
    this.currentEntry = currentEntry;
    this.worker = worker;
    this.how = how;
  }
}

/** The worker ended by itself, because the job may be another machine's by now. */
export class LeaseOver extends LostJob {
  override name = 'LeaseOver';
}

/** No worker can be started, or all are lost. */
export class NoWorkers extends Error {
  override name = 'NoWorkers';
}

/** The failure of the entry at which a worker died. */
export function lossFailure(path: RawPath, loss: LostJob): Failure {
  return {
    path,
    action: 'copy',
    code: 'EPCOPY_WORKER',
    message: `${loss.message} while copying it`,
    side: 'destination',
  };
}
