import { join, type RawPath } from '../api/names.ts';
import { heldHandles } from '../fs/directories.ts';
import type { FileSystem, Handle } from '../fs/file-system.ts';
import type { DirectoryRead } from '../fs/read-ahead.ts';
import type { ListerOptions } from './lister.ts';
import { unlessCancelled } from './turns.ts';

/** Limit for the entries of directories that are read ahead and not taken; each read in flight may exceed it by a directory. */
const HELD_ENTRIES = 20_000;

interface Options extends Pick<ListerOptions, 'names' | 'observer' | 'dereference' | 'latency' | 'cancelled'> {
  /** Read the size of every file. */
  sizes: boolean;
  /** Maximum of reads in flight, not counting that of the popped directory. */
  inFlight: number;
  /** Every directory will be pushed when its parent is listed, so subdirectories of those read ahead are read ahead too. */
  enters: boolean;
}

export interface Pending<T> {
  dir: RawPath;
  what: T;
  read: Promise<DirectoryRead | null> | null;
  /** The result of `read`; undefined until it has settled. */
  result?: DirectoryRead | null;
  /** Its subdirectories are on the stack already. */
  isEntered: boolean;
}

/**
 * The directories that a walk has yet to list, the next one on top. On slow storage several at the top are read concurrently.
 * A failed read is ignored: listing the directory will fail again.
 */
export class DirectoryStack<T> {
  private readonly fs: FileSystem;
  private readonly root: Handle;
  private readonly options: Options;
  private readonly pending: Pending<T>[] = [];
  /** Popped, but `answer` was not called yet. */
  private popped: Pending<T> | undefined;
  private inFlight = 0;
  private held = 0;
  private heldEntries = 0;
  private isClosed = false;

  constructor(fs: FileSystem, root: Handle, options: Options) {
    this.fs = fs;
    this.root = root;
    this.options = options;
  }

  push(dir: RawPath, what: T): void {
    this.pending.push({ dir, what, read: null, isEntered: false });
  }

  /** The next directory. Call `answer` before the next `pop`. */
  pop(): Pending<T> | undefined {
    const next = this.pending.pop();
    // Regardless of the limit: there must be no blocking call for it.
    if (next?.read === null && this.options.latency.isLate) this.begin(next);
    this.readAhead();
    this.popped = next;
    return next;
  }

  /**
   * The result of reading a popped directory ahead.
   * @throws Cancelled
   */
  async answer(next: Pending<T>): Promise<DirectoryRead | null> {
    this.popped = undefined;
    if (next.read === null) return null;
    // A directory that never answers must not keep the run from ending.
    const read = next.result === undefined ? await unlessCancelled(next.read, this.options.cancelled) : next.result;
    this.held--;
    if (read !== null) this.heldEntries -= read.names.length;
    this.readAhead();
    return read;
  }

  /** Reads in flight end by themselves. */
  close(): void {
    this.isClosed = true;
    for (const { result } of [...this.pending, this.popped ?? {}]) if (result) this.fs.close(result.handle);
    this.pending.length = 0;
  }

  private readAhead(): void {
    const { latency, inFlight } = this.options;
    if (!latency.isLate || this.isClosed) return;
    for (let at = this.pending.length - 1; at >= 0; at--) {
      if (this.inFlight >= inFlight || this.held >= heldHandles() || this.heldEntries > HELD_ENTRIES) return;
      const next = this.pending[at] as Pending<T>;
      if (next.read === null && !this.begin(next)) return;
    }
  }

  private begin(next: Pending<T>): boolean {
    if (next.dir === '' && (this.options.names ?? null) !== null) return false;
    const reading = this.read(next.dir);
    if (reading === null) return false;
    this.inFlight++;
    this.held++;
    next.read = reading
      .catch(() => null)
      .then((read) => {
        this.inFlight--;
        return this.ended(next, read);
      });
    return true;
  }

  private read(dir: RawPath): Promise<DirectoryRead | null> | null {
    const { fs, root } = this;
    const { dereference, sizes, observer } = this.options;
    const read = () => fs.readAhead(root, dir, { follow: dereference, sizes, after: observer !== undefined });
    return observer?.prepare(dir).then(read) ?? read();
  }

  private ended(next: Pending<T>, read: DirectoryRead | null): DirectoryRead | null {
    if (this.isClosed) {
      if (read !== null) this.fs.close(read.handle);
      return null;
    }
    next.result = read;
    if (read !== null) {
      this.heldEntries += read.names.length;
      if (this.options.enters) this.enter(next, read);
    }
    this.readAhead();
    return read;
  }

  // Below the directory on the stack, because that is listed first.
  private enter(next: Pending<T>, { names, types }: DirectoryRead): void {
    const at = this.pending.lastIndexOf(next);
    if (at < 0) return;
    const { dir, what } = next;
    const inside = names.filter((_name, index) => types[index] === 'd');
    if (inside.length > HELD_ENTRIES) return;
    const children = inside.map((name) => ({ dir: join(dir, name), what, read: null, isEntered: false }));
    this.pending.splice(at, 0, ...children);
    next.isEntered = true;
  }
}
