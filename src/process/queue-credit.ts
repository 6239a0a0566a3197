// Credit is kept for each process, not for each view that it has of a queue: the queue counts it that way, and one
// recall must reach all of it.
import { type Guest, router } from './router.ts';
import type { Address, Notice } from './wire.ts';

/** Room that a queue elsewhere has promised to this process. */
class Credit implements Guest {
  amount = 0;
  readonly #home: Address;
  readonly #queue: string;

  constructor(home: Address, queue: string) {
    this.#home = home;
    this.#queue = queue;
  }

  /** The room is wanted back, for another producer or because the queue closes. */
  notice(notice: Notice): void {
    switch (notice.type) {
      case 'recall':
        router.unlisten(this.#queue);
        router.tell(this.#home, this.#queue, { op: 'return', credit: this.amount });
        this.amount = 0;
        return;
      default:
        notice.type satisfies never;
    }
  }
}

/** What this process may send to a queue without asking, or null when it has to ask. */
export function creditFor(queue: string): Credit | null {
  const credit = router.guest(queue);
  return credit instanceof Credit && credit.amount > 0 ? credit : null;
}

export function gainCredit(home: Address, queue: string, amount: number): void {
  const known = router.guest(queue);
  const credit = known instanceof Credit ? known : new Credit(home, queue);
  credit.amount += amount;
  if (credit !== known) router.listen(queue, credit);
}
