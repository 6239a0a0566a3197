import { isWithin, ROOT, stepTowards } from './address.ts';
import { ConnectionClosed, ObjectGone } from './errors.ts';
import type { Link } from './link.ts';
import type { Address, Death } from './protocol.ts';

/** This process's place in the tree, and the links to its parent and its children. */
export class Neighbours {
  address: Address = ROOT;
  #uplink: Link | null = null;
  readonly #below = new Map<Address, Link>();
  readonly #dead = new Set<Address>();

  /** For the child runtime: where this process stands, and how its parent is reached. */
  attach(address: Address, uplink: Link): void {
    this.address = address;
    this.#uplink = uplink;
  }

  addChild(address: Address, link: Link): void {
    this.#below.set(address, link);
  }

  /** The neighbour on the way to a process; undefined when that one is dead. */
  next(to: Address): Link | undefined {
    if (isWithin(to, this.address)) return this.#below.get(stepTowards(to, this.address));
    return this.#uplink ?? undefined;
  }

  /** As `next`, for an object that is not here. Throws ObjectGone when it was here, ConnectionClosed when its process is dead. */
  linkTo(to: Address): Link {
    if (to === this.address) throw new ObjectGone('the shared object is no more');
    const link = this.next(to);
    // A producer with room promised may put without ever coming back to its event loop, where it would hear of the death.
    if (link === undefined || link.closed) throw new ConnectionClosed('the process of the shared object is gone');
    return link;
  }

  recordDeath(address: Address): void {
    // Addresses are not used twice, so this can only grow; it is small, and only asked by those who keep count of holders.
    this.#dead.add(address);
    this.#below.delete(address);
  }

  /** Tells all neighbours but the one who told of it. */
  relayDeath(death: Death, from: Address): void {
    if (isWithin(from, this.address)) this.#uplink?.relay(death);
    for (const [address, link] of this.#below) if (address !== from) link.relay(death);
  }

  /** Whether this process was told of that one's death, or of one above it. */
  isDead(address: Address): boolean {
    for (let top = address; top !== ''; top = top.slice(0, Math.max(0, top.lastIndexOf('.')))) {
      if (this.#dead.has(top)) return true;
    }
    return false;
  }
}
