import { besideThis } from '../process/spawn.ts';

/** How a worker of the copier is started, with nothing that delays its start. */
export function workerProcess() {
  // Node reads this certificate file at its start, which can take longer than everything else; workers use no network.
  const { NODE_EXTRA_CA_CERTS: _unused, ...env } = process.env;
  return {
    // One worker waits for one call; without it, 48 threads would be started at its first call in another one.
    env: { ...env, UV_THREADPOOL_SIZE: '4' },
    childEntry: besideThis('worker.cjs'),
    notes: true,
    output: 'ignore' as const,
  };
}
