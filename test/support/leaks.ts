import { readdirSync, readFileSync } from 'node:fs';
import { processesWithEnvironment } from './processes.ts';

/**
 * Vitest's global set-up: gives the run a number that all its directories and processes carry, and fails the run
 * when one of them is still there at its end.
 */
export default function setup(): () => Promise<void> {
  const run = String(process.pid);
  process.env.PCOPY_TEST_RUN = run;
  return async () => {
    // A killed process may need a moment to go, on a busy machine more than one.
    for (let tries = 0; tries < 100 && leaks(run).length > 0; tries++) await new Promise((r) => setTimeout(r, 100));
    const left = leaks(run);
    if (left.length > 0) throw new Error(`left behind by the tests:\n${left.join('\n')}`);
  };
}

/** The test runner itself and its direct children (its forks) are no leak. */
function leaks(run: string): string[] {
  const ours = `pcopy-test-${run}-`;
  return [
    ...['/tmp', '/dev/shm'].flatMap((dir) =>
      list(dir)
        .filter((name) => name.startsWith(ours))
        .map((name) => `${dir}/${name}`),
    ),
    ...readFileSync('/proc/mounts', 'utf8')
      .split('\n')
      .filter((line) => line.includes(ours)),
    ...processesWithEnvironment(`PCOPY_TEST_RUN=${run}`)
      .filter(({ pid, parent }) => pid !== process.pid && parent !== process.pid)
      .map(({ pid, command }) => `process ${pid}: ${command}`),
  ];
}

function list(dir: string): string[] {
  try {
    return readdirSync(dir);
  } catch {
    return [];
  }
}
