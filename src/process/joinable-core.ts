import { MisuseError, WaitTimeout } from './errors.ts';
import { plain } from './handles.ts';
import type { About, Address, Descriptor, Operation, PackedParcel, Parcel } from './protocol.ts';
import { QueueCore } from './queue-core.ts';
import { makeWith } from './shared.ts';
import { type Later, Waiters } from './waiters.ts';

/** A queue that counts what was put and not yet marked as done, in the process that owns it. */
export class JoinableCore extends QueueCore {
  readonly #joiners = new Waiters<null>();
  #unfinished = 0;
  #retired = false;

  override handle(op: Operation, caller: Address, handles: readonly Descriptor[]): Parcel | Later {
    switch (op.op) {
      case 'taskDone':
        return this.#taskDone();
      case 'join':
        if (this.#unfinished === 0) return plain(null);
        return this.#joiners.join(caller, null, op.wait, () => new WaitTimeout(`not all done within ${op.wait} ms`));
      default:
        return super.handle(op, caller, handles);
    }
  }

  /** Calls of `taskDone` in excess are refused where they are made, or by `handle`. */
  override noticed(what: About, count: number, caller: Address): void {
    if (what !== 'done') super.noticed(what, count, caller);
    else if (this.#unfinished > 0) this.#taskDone();
  }

  override leave(gone: (address: Address) => boolean): void {
    this.#joiners.leave(gone);
    super.leave(gone);
  }

  protected override admit(item: PackedParcel): void {
    this.#unfinished++;
    super.admit(item);
  }

  /** Those who took the last items will still say that they are done. */
  protected override retire(): void {
    this.#retired = true;
    if (this.#unfinished === 0) super.retire();
  }

  #taskDone(): Parcel {
    if (this.#unfinished === 0) throw new MisuseError('taskDone was called more often than put');
    if (--this.#unfinished === 0) {
      for (const joiner of this.#joiners.all()) joiner.resolve(plain(null));
      if (this.#retired) this.retire();
    }
    return plain(null);
  }
}

makeWith('joinable-queue', (id, capacity) => new JoinableCore(id, capacity));
