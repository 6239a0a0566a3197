// A child hears of its parent's end by its channel, but not while it computes.
import { Worker } from 'node:worker_threads';

/** Milliseconds between two looks, and then until a process that still computes is killed. */
const LOOK_EVERY = 200;
const GRACE = 300;

/** Runs beside the program, in a thread of its own: a loop of the program cannot hold it up. */
const WATCH = `
  const { parent, every, grace } = require('node:worker_threads').workerData;
  const gone = () => {
    try {
      if (process.platform !== 'win32') return process.ppid !== parent;
      return !process.kill(parent, 0);
    } catch {
      return true;
    }
  };
  const watch = setInterval(() => {
    if (!gone()) return;
    clearInterval(watch);
    setTimeout(() => process.kill(process.pid, 'SIGKILL'), grace);
  }, every);
`;

/**
 * Ends this process within a second of its parent's end, whatever it is doing. A thread, with 10 MB of memory
 * of its own: only for where the system has nothing better.
 */
export function watchParent(parent: number): void {
  new Worker(WATCH, {
    eval: true,
    workerData: { parent, every: LOOK_EVERY, grace: GRACE },
    execArgv: [],
    env: {},
    trackUnmanagedFds: false,
    resourceLimits: { maxOldGenerationSizeMb: 8, maxYoungGenerationSizeMb: 1, codeRangeSizeMb: 1, stackSizeMb: 1 },
  }).unref();
}
