/** Priorities: work that a worker handed back, then jobs of the listing, then pieces of big files. */
export type Priority = 'returned' | 'listed' | 'piece';

const ORDER: readonly Priority[] = ['returned', 'listed', 'piece'];

/** A counting semaphore whose waiters have priorities; within one priority, first come, first served. */
export class Semaphore {
  private readonly count: () => number;
  inUse = 0;
  private readonly waiting: Record<Priority, (() => void)[]> = { returned: [], listed: [], piece: [] };

  /** @param count may change; call `refill` when it has grown */
  constructor(count: () => number) {
    this.count = count;
  }

  get isWaitedFor(): boolean {
    return ORDER.some((priority) => this.waiting[priority].length > 0);
  }

  async acquire(priority: Priority): Promise<void> {
    if (this.inUse < this.count()) {
      this.inUse++;
      return;
    }
    await new Promise<void>((resolve) => this.waiting[priority].push(resolve));
  }

  release(): void {
    this.inUse--;
    this.refill();
  }

  refill(): void {
    for (const priority of ORDER) {
      const waiting = this.waiting[priority];
      while (waiting.length > 0 && this.inUse < this.count()) {
        this.inUse++;
        waiting.shift()?.();
      }
    }
  }
}
