import { readFileSync } from 'node:fs';

let isKnown = process.platform === 'linux';

/**
 * Milliseconds of this process on a processor or waiting for one, which on a busy machine must not count as waiting for the storage.
 * Only Linux reports that (Documentation/scheduler/sched-stats.rst).
 */
export function processorMs(): number {
  if (isKnown) {
    try {
      const [running = 0, waiting = 0] = readFileSync('/proc/self/schedstat', 'latin1').split(' ').map(Number);
      return (running + waiting) / 1e6;
    } catch {
      isKnown = false; // Not supported by the kernel, or no /proc.
    }
  }
  const { user, system } = process.cpuUsage();
  return (user + system) / 1e3;
}
