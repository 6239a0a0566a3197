// A daemon's channel does not keep this process running: a script that only started daemons may end. But while
// somebody here waits for an answer, the daemons are who can give it, so for that time their channels count again.

/** What can hold the event loop open, or let it end. */
export interface Holdable {
  ref(): void;
  unref(): void;
}

const daemons = new Set<Holdable>();
let waits = 0;

/** From now on this counts only while somebody waits. */
export function addDaemon(daemon: Holdable): void {
  daemons.add(daemon);
  if (waits === 0) daemon.unref();
}

/** It ended, or counts by itself again. */
export function removeDaemon(daemon: Holdable): void {
  if (daemons.delete(daemon)) daemon.ref();
}

/** Holds the event loop open, as far as there is a process that could answer. Each call needs a `release`. */
export function hold(): void {
  if (waits++ === 0) for (const daemon of daemons) daemon.ref();
}

export function release(): void {
  if (--waits === 0) for (const daemon of daemons) daemon.unref();
}

const awaited = new Set<Promise<unknown>>();

/** A child that this process has to wait for before it ends by itself. */
export function awaitChild(ended: Promise<unknown>): void {
  awaited.add(ended);
  ended.finally(() => awaited.delete(ended));
}

/** Resolves when no such child runs. */
export async function childrenEnded(): Promise<void> {
  while (awaited.size > 0) await Promise.all(awaited);
}
