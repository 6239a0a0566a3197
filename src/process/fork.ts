import { MisuseError } from './errors.ts';
import { addDaemon, removeDaemon } from './keep-alive.ts';
import { LINK_FD, Link, type Stream } from './link.ts';
import type { NoteFile } from './notes.ts';
import { type Address, type FromChild, isRouted, type Message, type Role, type ToChild } from './protocol.ts';
import { router } from './router.ts';
import { type EarlyStart, type Ending, type ForkOptions, type Start, start, untilEnded } from './spawn.ts';
import { moduleBeingImported } from './tasks.ts';

/** A running child, seen from its parent. */
export class Child {
  readonly address: Address;
  readonly link: Link;
  /** Settled when the child is dead and the channel is read to its end: a result sent just before death counts. */
  readonly ended: Promise<Ending>;
  /** Null when not even the attempt to start it was possible. */
  readonly #process: Start['child'];
  readonly #owner: (message: FromChild) => void;
  #alive = true;

  /**
   * Starts the child at once, unless that was done early. What it sends to its owner is given to `onMessage`. A failed start is reported by `ended`. Throws
   * MisuseError while the module of a task is imported.
   */
  constructor(role: Role, options: ForkOptions, onMessage: (message: FromChild) => void, early?: EarlyStart) {
    refuseWhileImporting();
    this.address = early?.address ?? `${router.address}.${router.newName()}`;
    this.#owner = onMessage;
    const started = early?.started ?? start(this.address, role, options);
    this.#process = started.child;
    this.link = new Link((started.child?.stdio?.[LINK_FD] ?? null) as Stream | null, this.#receive);
    router.addChild(this.address, this.link);
    this.ended = this.#end(untilEnded(started, this.link), started.notes);
  }

  /** Undefined when it could not be started. */
  get pid(): number | undefined {
    return this.#process?.pid;
  }

  get alive(): boolean {
    return this.#alive;
  }

  /** Throws NotCloneable, naming the part of `value`. */
  send(message: ToChild, value?: unknown): void {
    this.link.send(message, value, this.address);
  }

  kill(signal: NodeJS.Signals): void {
    if (this.#alive) this.#process?.kill(signal);
  }

  /** Whether this process may end before the child does. It then takes the child along. */
  set daemon(daemon: boolean) {
    if (daemon && this.#alive) addDaemon(this);
    else removeDaemon(this);
  }

  ref(): void {
    this.#process?.ref();
    this.link.ref();
  }

  unref(): void {
    this.#process?.unref();
    this.link.unref();
  }

  readonly #receive = (message: Message): void => {
    if (isRouted(message)) router.receive(message, this.address);
    else this.#owner(message as FromChild);
  };

  async #end(ended: Promise<Omit<Ending, 'note'>>, notes: NoteFile | null): Promise<Ending> {
    const ending = await ended;
    this.#alive = false;
    removeDaemon(this);
    router.removeChild(this.address);
    return { ...ending, note: notes === null ? null : notes.take() };
  }
}

/** A program without this guard would start itself in each of its children, without end. */
function refuseWhileImporting(): void {
  const module = moduleBeingImported();
  if (module === undefined) return;
  throw new MisuseError(
    `a child process is still importing ${module}, which starts processes itself: ` +
      'what a program does belongs behind `if (isMainProcess())`',
  );
}
