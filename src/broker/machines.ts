import type { Helper } from './shared-run.ts';

/** Gives the workers of all machines numbers, in the order in which the machines are heard of; this one's come first. */
export class Machines {
  private readonly first = new Map<string, number>();
  /** Of all workers. */
  count: number;

  /** @param own workers of this machine */
  constructor(own: number) {
    this.count = own;
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
