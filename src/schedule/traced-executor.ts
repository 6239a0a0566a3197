import type { Job } from '../protocol/jobs.ts';
import type { Progress, Report } from '../protocol/report.ts';
import type { QueueState } from '../report/trace.ts';
import type { Executor } from './executor.ts';

/** An executor that reports changes of its number of jobs. */
export class TracedExecutor implements Executor {
  private readonly executor: Executor;
  private readonly tell: (state: QueueState) => void;
  private jobs = 0;

  constructor(executor: Executor, tell: (state: QueueState) => void) {
    this.executor = executor;
    this.tell = tell;
  }

  get workers(): number {
    return this.executor.workers;
  }

  get started(): number | undefined {
    return this.executor.started;
  }

  get capacity(): number {
    return this.executor.capacity;
  }

  async run(job: Job): Promise<Report> {
    this.count(1);
    try {
      return await this.executor.run(job);
    } finally {
      this.count(-1);
    }
  }

  askBack(job: Job): void {
    this.executor.askBack?.(job);
  }

  expect(jobs: number): void {
    this.executor.expect?.(jobs);
  }

  heard(progress: Progress, hasMore: boolean): void {
    this.executor.heard?.(progress, hasMore);
  }

  terminate(): Promise<void> {
    return this.executor.terminate();
  }

  private count(change: number): void {
    this.jobs += change;
    const { workers } = this;
    this.tell({ running: Math.min(this.jobs, workers), waiting: Math.max(0, this.jobs - workers), workers });
  }
}
