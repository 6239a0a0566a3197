import { childrenOf, openFiles } from './processes.ts';
import { type Argument, type Finished, type RunOptions, start, until } from './run.ts';

/** One byte a call, so that the worker is caught in the middle of the file. */
const SLOW = ['--chunk-size', '1', '--batch', '1', '--reflink', 'never', '--progress', 'json'];

/**
 * Runs the command until a worker has `path` open and the listing has ended, stops that worker, calls `step`, and lets the
 * run go on to its end. The file needs some 300 KB to be caught.
 */
export async function whileCopying(
  path: string,
  args: readonly Argument[],
  step: () => void | Promise<void>,
  options: RunOptions = {},
): Promise<Finished> {
  const run = start([...SLOW, ...args], options);
  let worker = 0;
  const isHeld = (): boolean => {
    worker = childrenOf(run.pid).find(({ pid }) => openFiles(pid).includes(path))?.pid ?? 0;
    if (worker > 0) process.kill(worker, 'SIGSTOP');
    return worker > 0;
  };
  await until(isHeld, `a worker that has ${path} open`);
  try {
    await until(() => run.output().stdout.includes('"type":"scan"'), 'the end of the listing');
    await step();
  } finally {
    process.kill(worker, 'SIGCONT');
  }
  return run.done;
}
