// An error that nobody looks at must not pass in silence: it is printed, and the program's exit code tells of it.
import { RemoteStack } from './errors.ts';

interface Unobserved {
  /** Where it comes from: a process's name. */
  source: string;
  error: Error;
  printed: boolean;
}

/** By what could still be asked for them. */
const errors = new Map<object, Unobserved>();
/** A program that ignores every failure must not run out of memory for it. */
const KEPT = 1000;
let atExit = false;

/** Printed at the program's end, unless `observe` is called before with the same key. */
export function addUnobserved(key: object, source: string, error: Error): void {
  if (errors.size >= KEPT) return;
  errors.set(key, { source, error, printed: false });
  if (!atExit) process.once('exit', reportAll);
  atExit = true;
}

/** As `addUnobserved`, but printed when this turn of the event loop ends: somebody may wait for what will never come. */
export function reportSoon(key: object, source: string, error: Error): void {
  addUnobserved(key, source, error);
  setImmediate(() => print(errors.get(key)));
}

/** Somebody has seen it, or will. */
export function observe(key: object): void {
  errors.delete(key);
}

function reportAll(): void {
  for (const entry of errors.values()) print(entry);
  if (errors.size > 0) process.exitCode ??= 1;
}

function print(entry: Unobserved | undefined): void {
  if (entry === undefined || entry.printed) return;
  entry.printed = true;
  console.error(`${entry.source}: ${textOf(entry.error)}`);
}

/** With the stacks of the process where it was thrown, not of where it arrived. */
function textOf({ message, stack = message, cause }: Error): string {
  if (!(cause instanceof Error)) return stack;
  if (cause instanceof RemoteStack) return cause.stack === '' ? message : textOf(cause);
  return `${stack}\nCaused by: ${textOf(cause)}`;
}
