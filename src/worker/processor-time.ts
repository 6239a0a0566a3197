import { readFileSync } from 'node:fs';

let isKnown = process.platform === 'linux';

/**
 * Milliseconds that this process has been on a processor or has waited for one. On a busy machine the second is most of it, and is no
 * waiting for the storage; only Linux tells it (Documentation/scheduler/sched-stats.rst).
 */
export function processorMs(): number {
  if (isKnown) {
    try {
      const [running = 0, waiting = 0] = readFileSync('/proc/self/schedstat', 'latin1').split(' ').map(Number);
      return (running + waiting) / 1e6;
    } catch {
      isKnown = false; // A kernel without it, or no /proc.
    }
  }
  const { user, system } = process.cpuUsage();
  return (user + system) / 1e3;
}
