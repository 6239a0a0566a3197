import { type PrestartedWorker, prestartWorker } from '../process/prestart.ts';
import { workerProcess } from '../schedule/worker-process.ts';

/** Idle processes take memory, some 20 MB each beyond what they share; what two begin at once, the others follow. */
const MOST = 2;

/** Workers of a helper that has no run: a start takes longer than many jobs. They end with this process. */
export class WorkersAhead {
  private readonly count: number;
  private workers: PrestartedWorker[] = [];

  /** @param jobs workers that a run will have */
  constructor(jobs: number) {
    this.count = Math.min(jobs, MOST);
  }

  /** Starts those that are not there. */
  start(): void {
    while (this.workers.length < this.count) this.workers.push(prestartWorker(workerProcess()));
  }

  /** For a run, which ends them. */
  take(): PrestartedWorker[] {
    return this.workers.splice(0);
  }

  /** Resolves when they are gone. */
  async discard(): Promise<void> {
    await Promise.all(this.take().map((worker) => worker.discard()));
  }
}
