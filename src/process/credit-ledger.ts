import type { Address } from './protocol.ts';

/** Credit of producers in other processes: items that each may send without asking, since room is kept for them. */
export class CreditLedger {
  readonly #credit = new Map<Address, number>();
  /** Who was asked to return it. */
  readonly #recalled = new Set<Address>();
  #sum = 0;

  get sum(): number {
    return this.#sum;
  }

  /**
   * Gives a producer more, as far as there is room: up to half of the capacity divided by the producers known, so that
   * others find room without a recall.
   */
  grant(producer: Address, capacity: number, room: number): number {
    const held = this.#credit.get(producer) ?? 0;
    // Counted among the producers, with or without credit.
    this.#credit.set(producer, held);
    const share = Math.floor(capacity / (2 * this.#credit.size));
    const credit = Math.max(0, Math.min(share - held, room));
    if (credit > 0) this.#recalled.delete(producer);
    this.#set(producer, held + credit);
    return credit;
  }

  /** The producer used some, or returns it. */
  spend(producer: Address, amount: number): void {
    this.#set(producer, Math.max(0, (this.#credit.get(producer) ?? 0) - amount));
  }

  /** Those who hold some and were not yet asked for it; now they are taken to be. */
  recall(): Address[] {
    const holders = [...this.#credit].filter(([address, credit]) => credit > 0 && !this.#recalled.has(address));
    for (const [address] of holders) this.#recalled.add(address);
    return holders.map(([address]) => address);
  }

  leave(gone: (address: Address) => boolean): void {
    for (const address of [...this.#credit.keys()]) {
      if (!gone(address)) continue;
      this.#set(address, 0);
      this.#credit.delete(address);
      this.#recalled.delete(address);
    }
  }

  #set(producer: Address, credit: number): void {
    this.#sum += credit - (this.#credit.get(producer) ?? 0);
    this.#credit.set(producer, credit);
  }
}
