import { inspect } from 'node:util';
import { dropAll, mark, open } from './handles.ts';
import { hold, release } from './keep-alive.ts';
import type { Address, Descriptor, Operation, Parcel } from './protocol.ts';
import { type Owner, type RequestOptions, router } from './router.ts';

const NONE: readonly Descriptor[] = [];

type CoreMaker = (id: string, detail: number) => Owner;
const makers = new Map<string, CoreMaker>();

/**
 * Says how an object of this kind is made where it lives. Each core's module does it as it loads: a process that only uses objects of others, as
 * the copier's workers do, need not load what keeps them.
 */
export function makeWith(kind: string, maker: CoreMaker): void {
  makers.set(kind, maker);
}

export function makeCore({ kind, id, detail }: Pick<Descriptor, 'kind' | 'id' | 'detail'>): Owner {
  const maker = makers.get(kind);
  if (maker === undefined) throw new TypeError(`this process makes no ${kind}`);
  return maker(id, detail);
}

/** An object that has been made already, here or elsewhere: what the constructor of a view of it is given. */
export class Existing {
  readonly descriptor: Descriptor;

  constructor(descriptor: Descriptor) {
    this.descriptor = descriptor;
  }
}

/** What every object that several processes use has in common: it lives in one of them, and the others ask there. */
export abstract class Shared {
  readonly #descriptor: Descriptor;
  /** The object itself, where it lives in this process. */
  readonly #core: Owner | null;
  #hosted = false;

  /** @param made by `describe`, for a new object. */
  protected constructor(made: Existing | Descriptor) {
    this.#descriptor = made instanceof Existing ? made.descriptor : made;
    this.#core = made instanceof Existing ? router.hosted(this.id) : makeCore(made);
    mark(this, this.#descriptor, () => this.leaving());
  }

  /** What it is, and where: `[Queue r:1]`. The id begins with the place in the tree of the process that made it. */
  toString(): string {
    return `[${this.constructor.name} ${this.id}${this.isHere ? '' : `, in process ${this.owner}`}]`;
  }

  /** JSON would ask for what is meant for another process only. */
  toJSON(): string {
    return this.toString();
  }

  [inspect.custom](): string {
    return this.toString();
  }

  /** It is about to be sent. Only now can another process come to ask for it. */
  protected leaving(): void {
    if (this.#core !== null && !this.#hosted) router.host(this.id, this.#core);
    this.#hosted = true;
  }

  protected get id(): string {
    return this.#descriptor.id;
  }

  protected get owner(): Address {
    return this.#descriptor.owner;
  }

  protected get detail(): number {
    return this.#descriptor.detail;
  }

  protected get isHere(): boolean {
    return this.#core !== null;
  }

  /**
   * Asks the object. What is asked is on its way when this returns. Rejects with what the object answers, with
   * NotCloneable, with ConnectionClosed when the process where it lives is gone; all as `translate` puts it.
   */
  protected async request(op: Operation, { arrived, handles }: RequestOptions = {}): Promise<unknown> {
    hold();
    try {
      if (this.#core !== null) {
        const answer = this.#core.handle(op, router.address, handles ?? NONE);
        return open(typeof answer === 'function' ? await new Promise<Parcel>(answer) : answer);
      }
      return await router.call(this.owner, this.id, op, { arrived, handles });
    } catch (error) {
      if (this.#core !== null && handles !== undefined) dropAll(handles, router.address);
      throw this.translate(error);
    } finally {
      release();
    }
  }

  /** An error in the words of this kind of object. */
  protected translate(error: unknown): unknown {
    return error;
  }
}

/** A descriptor for a new object of this process. */
export function describe(kind: string, detail: number): Descriptor {
  return { kind, id: `${router.address}:${router.newName()}`, owner: router.address, detail };
}
