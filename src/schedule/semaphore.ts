/** What waits for a slot: what came back from a worker goes before what the listing brings, pieces of big files last. */
export type Priority = 'returned' | 'listed' | 'piece';

const ORDER: readonly Priority[] = ['returned', 'listed', 'piece'];

/** A counting semaphore whose waiters have priorities; within one priority, first come, first served. */
export class Semaphore {
  private free: number;
  private readonly waiting: Record<Priority, (() => void)[]> = { returned: [], listed: [], piece: [] };

  constructor(count: number) {
    this.free = count;
  }

  async acquire(priority: Priority): Promise<void> {
    if (this.free > 0) {
      this.free--;
      return;
    }
    await new Promise<void>((resolve) => this.waiting[priority].push(resolve));
  }

  release(): void {
    for (const priority of ORDER) {
      const next = this.waiting[priority].shift();
      if (next !== undefined) return next();
    }
    this.free++;
  }
}
