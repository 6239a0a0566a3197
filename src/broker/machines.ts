import type { Helper } from './shared-run.ts';

/** Numbers the workers of all machines: first this machine's, then the others' in the order of their first message. */
export class Machines {
  private readonly first = new Map<string, number>();
  /** Number of all workers. */
  count = 0;

  constructor(own: Helper) {
    this.workerOf(own, 0);
  }

  workerOf({ name, jobs }: Helper, worker: number): number {
    let first = this.first.get(name);
    if (first === undefined) {
      first = this.count;
      this.first.set(name, first);
      this.count += jobs;
    }
    return first + worker;
  }
}
