import { plain } from './handles.ts';
import type { Address, Descriptor, Operation, Parcel } from './protocol.ts';
import { QueueCore } from './queue-core.ts';
import { type Owner, router } from './router.ts';

/** Messages that a direction holds before `send` waits: few enough that a reader who sleeps costs little memory. */
export const LANE_CAPACITY = 128;

/** One end of a pipe: 0 or 1. */
export type End = 0 | 1;

/** The id of the queue that the messages to this end wait in. */
export function laneId(pipe: string, to: End): string {
  return `${pipe}/${to}`;
}

/** A pipe where it lives: a queue for each direction, and which process holds which end how many times. */
export class PipeCore implements Owner {
  readonly #id: string;
  /** By the end that reads from them. */
  readonly #lanes: readonly [QueueCore, QueueCore];
  readonly #holders: readonly [Map<Address, number>, Map<Address, number>];

  constructor(id: string) {
    this.#id = id;
    this.#lanes = [new QueueCore(laneId(id, 0), LANE_CAPACITY), new QueueCore(laneId(id, 1), LANE_CAPACITY)];
    this.#holders = [new Map([[router.address, 1]]), new Map([[router.address, 1]])];
    router.host(id, this);
    router.host(laneId(id, 0), this.#lanes[0]);
    router.host(laneId(id, 1), this.#lanes[1]);
  }

  handle(op: Operation, _caller: Address, _handles: readonly Descriptor[]): Parcel {
    switch (op.op) {
      case 'hold':
        // Something was sent to a process that has died meanwhile: it will never let go.
        if (!router.isDead(op.holder)) this.#count(asEnd(op.end), op.holder, 1);
        return plain(null);
      case 'drop':
        this.#count(asEnd(op.end), op.holder, -1);
        return plain(null);
      default:
        throw new TypeError(`a pipe knows no ${op.op}`);
    }
  }

  leave(gone: (address: Address) => boolean): void {
    for (const end of [0, 1] as const) {
      for (const holder of [...this.#holders[end].keys()]) {
        if (gone(holder)) this.#holders[end].delete(holder);
      }
      this.#afterChange(end);
    }
  }

  #count(end: End, holder: Address, change: 1 | -1): void {
    const holders = this.#holders[end];
    const count = (holders.get(holder) ?? 0) + change;
    if (count > 0) holders.set(holder, count);
    else holders.delete(holder);
    this.#afterChange(end);
  }

  /** An end that nobody holds: the other one reads what is on the way and then the end of the file, and sends to nobody. */
  #afterChange(end: End): void {
    const [holder = null, ...others] = this.#holders[end].keys();
    this.#lanes[end].setSoleReader(others.length > 0 ? null : holder);
    if (holder !== null) return;
    this.#lanes[end].abandon();
    this.#lanes[end === 0 ? 1 : 0].close();
    if (this.#holders[end === 0 ? 1 : 0].size === 0) router.unhost(this.#id);
  }
}

export function asEnd(number: number): End {
  return number === 0 ? 0 : 1;
}
