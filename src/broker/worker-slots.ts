/** Milliseconds that a job waits for a worker of this machine: as long as one that a worker takes at once saves nothing. */
export const LONGEST_WAIT_MS = 100;

/**
 * The workers of a machine, as places for the jobs that it has taken from the broker. A job for which none comes free in time is turned
 * away, so that an idle machine can do it.
 */
export class WorkerSlots {
  private free: number;
  private readonly waiting = new Set<(isFree: boolean) => void>();
  private isClosed = false;

  constructor(count: number) {
    this.free = count;
  }

  /** @returns false when no worker has come free in time; else `release` has to follow */
  async acquire(): Promise<boolean> {
    if (this.isClosed) return false;
    if (this.free > 0) {
      this.free--;
      return true;
    }
    let timer: NodeJS.Timeout | undefined;
    let answer: (isFree: boolean) => void = () => {};
    const answered = new Promise<boolean>((resolve) => {
      answer = resolve;
      timer = setTimeout(resolve, LONGEST_WAIT_MS, false);
    });
    this.waiting.add(answer);
    const isFree = await answered;
    clearTimeout(timer);
    this.waiting.delete(answer);
    return isFree;
  }

  release(): void {
    const [next] = this.waiting;
    if (next === undefined) {
      this.free++;
      return;
    }
    this.waiting.delete(next);
    next(true);
  }

  /** All who wait are turned away, and who comes later. */
  close(): void {
    this.isClosed = true;
    for (const answer of this.waiting) answer(false);
    this.waiting.clear();
  }
}
