// The toolkit as it ships: a forked child runs built JavaScript, so its parent has to come from the same build.
import { readFileSync } from 'node:fs';
import type * as Toolkit from '../../src/process/index.ts';

const built: typeof Toolkit = await import(new URL('../../dist/process.js', import.meta.url).href);

export const {
  BufferTooShort,
  ConnectionClosed,
  EndOfFile,
  Event,
  JoinableQueue,
  Lock,
  Manager,
  MisuseError,
  NotCloneable,
  pipe,
  Pool,
  PoolClosed,
  Process,
  prestartWorker,
  Queue,
  QueueClosed,
  QueueEmpty,
  QueueFull,
  Semaphore,
  task,
  WaitTimeout,
  WorkerLost,
} = built;

/** A function of a module in `fixtures`. */
export function fixture<Args extends unknown[] = unknown[], Result = unknown>(file: string, name: string) {
  return task<Args, Result>(new URL(`./fixtures/${file}`, import.meta.url), name);
}

/** Resolves when the condition holds. No limit of its own: the test's is enough. */
export async function until(condition: () => boolean | Promise<boolean>): Promise<void> {
  while (!(await condition())) await new Promise((resolve) => setTimeout(resolve, 5));
}

/** Whether a process of this id runs. One that is dead and only not yet fetched by its parent does not. */
export function runs(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return !/^\d+ \(.*\) Z/.test(readFileSync(`/proc/${pid}/stat`, 'latin1'));
  } catch (error) {
    // Without /proc the signal has to be enough.
    return (error as NodeJS.ErrnoException).syscall === 'open' && process.platform !== 'linux';
  }
}
