// What this process knows of the room in a queue that lives elsewhere. Kept for each process, not for each view that it has of
// the queue: the queue counts it that way, and one recall must reach all of it.
import { type Guest, router } from './router.ts';
import type { Address, Notice } from './wire.ts';

/** This process as a producer for one queue. */
class Producer implements Guest {
  readonly #home: Address;
  readonly #queue: string;
  /** Items that may be sent without asking. */
  #credit = 0;
  /** Puts that were sent and wait for their answer. */
  #asked = 0;

  constructor(home: Address, queue: string) {
    this.#home = home;
    this.#queue = queue;
  }

  /** While an earlier put still waits to be let in, an item sent on credit would overtake it. */
  get mayJustSend(): boolean {
    return this.#credit > 0 && this.#asked === 0;
  }

  spend(): void {
    this.#credit--;
    this.#forgetIfIdle();
  }

  ask(): void {
    this.#asked++;
  }

  /** @param credit what the queue answered, or 0 when it refused. */
  answered(credit: number): void {
    this.#asked--;
    this.#credit += credit;
    this.#forgetIfIdle();
  }

  /** The room is wanted back, for another producer or because the queue closes. */
  notice(notice: Notice): void {
    switch (notice.type) {
      case 'recall':
        router.tell(this.#home, this.#queue, { op: 'return', credit: this.#credit });
        this.#credit = 0;
        this.#forgetIfIdle();
        return;
      default:
        notice.type satisfies never;
    }
  }

  /** What a dead queue promised is void: the next put asks, and is told. */
  leave(gone: (address: Address) => boolean): void {
    if (!gone(this.#home)) return;
    this.#credit = 0;
    this.#forgetIfIdle();
  }

  #forgetIfIdle(): void {
    if (this.#credit === 0 && this.#asked === 0) router.unlisten(this.#queue);
  }
}

/** This process as a producer for a queue: the same object as long as it has anything to remember. */
export function producerFor(home: Address, queue: string): Producer {
  const known = router.guest(queue);
  if (known instanceof Producer) return known;
  const producer = new Producer(home, queue);
  router.listen(queue, producer);
  return producer;
}
