import type { Failure } from '../api/errors.ts';
import type { RawPath } from '../api/names.ts';
import type { Job } from '../protocol/jobs.ts';
import type { Progress, Report } from '../protocol/report.ts';

/**
 * What hands jobs to workers and brings their reports back. Nothing above this interface knows what a worker is: the local
 * pool of processes is one implementation, a queue to other machines would be another. A job may be run twice.
 */
export interface Executor {
  /** Jobs that may be at work at once; it may change while the run goes on. */
  readonly workers: number;
  /** Jobs that may be under way at once; more only wait. */
  readonly capacity: number;
  /**
   * Rejects with LostJob when its worker died on it, and what that left under temporary names is removed; with NoWorkers when
   * none can be had.
   */
  run(job: Job): Promise<Report>;
  /** Takes what workers tell in the middle of jobs, to find out how many there should be. */
  heard?(progress: Progress): void;
  /** Ends the workers at once, whatever they do; nothing that was reported is lost. */
  terminate(): Promise<void>;
}

/** An executor on this machine, which others may tell the numbers of their jobs. */
export interface LocalExecutor extends Executor {
  run(job: Job, number?: number): Promise<Report>;
}

/** The worker died while it had this job in hand. */
export class LostJob extends Error {
  override name = 'LostJob';
  /** Index of the entry in hand, or null when it had none or it is not known. */
  readonly currentEntry: number | null;
  /** Slot of the dead worker. */
  readonly worker: number;
  /** In words. */
  readonly how: string;
  constructor(currentEntry: number | null, worker: number, how: string, options?: ErrorOptions) {
    super(`the worker process died (${how})`, options);
    this.currentEntry = currentEntry;
    this.worker = worker;
    this.how = how;
  }
}

/** No worker can be started, or all were lost. */
export class NoWorkers extends Error {
  override name = 'NoWorkers';
}

/** What is told of the entry a worker died of. */
export function lossFailure(path: RawPath, loss: LostJob): Failure {
  return {
    path,
    action: 'copy',
    code: 'EPCOPY_WORKER',
    message: `${loss.message} while copying it`,
    side: 'destination',
  };
}
