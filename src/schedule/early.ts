import type { PrestartedWorker } from '../process/prestart.ts';
import { prestartWorker } from '../process/prestart.ts';
import { besideThis } from '../process/spawn.ts';

/** How a worker of the copier is started: nothing it does not need, for its start is time that everybody waits. */
export function workerProcess() {
  // Node reads this file of certificates at its start, which can take longer than the rest of it; workers use no network.
  const { NODE_EXTRA_CA_CERTS: _unused, ...env } = process.env;
  return {
    env,
    childEntry: besideThis('worker.cjs'),
    notes: true,
    output: 'ignore' as const,
  };
}

/** Forks a worker before it is known what for; it loads while the parent still reads its options. */
export function startWorkerEarly(): PrestartedWorker {
  return prestartWorker(workerProcess());
}
