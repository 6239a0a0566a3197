import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import type { Driver, Finished } from '../../support/run.ts';
import { until } from '../../support/run.ts';
import { membersOf, send, startMarked } from './moment.ts';
import { type Call, callsIn, straceWorkers } from './strace.ts';

/** In microseconds: far longer than a change takes on a busy machine. */
const DELAY = 15_000_000;

/** One run of the command with everything that belongs to it. */
export interface Stage {
  from: string;
  destination: string;
  traces: string;
  driver: Driver;
  options?: readonly string[];
}

/** The calls on the two trees that the worker makes when nobody disturbs it, in their order. */
export async function undisturbed(stage: Stage): Promise<{ calls: Call[]; result: Finished }> {
  const { result } = await runWith(stage, []);
  const roots = [stage.from, stage.destination];
  const calls = callsIn(stage.traces).filter(
    ({ text }) => roots.some((root) => text.includes(root)) || text.includes('"/proc/self/fd/'),
  );
  return { calls, result };
}

/**
 * Holds the worker right after one of its calls, changes something, and lets it go on. The window that a race needs luck to
 * hit is so open every time. @returns null when the worker never came there
 */
export async function disturbedAfter(call: Call, stage: Stage, change: () => void): Promise<Finished | null> {
  const { result, stopped } = await runWith(stage, [`${call.name}:delay_exit=${DELAY}:when=${call.ordinal}`], change);
  return stopped ? result : null;
}

async function runWith(
  { from, destination, traces, driver, options = [] }: Stage,
  tamper: readonly string[],
  change?: () => void,
): Promise<{ result: Finished; stopped: boolean }> {
  rmSync(traces, { recursive: true, force: true });
  mkdirSync(traces, { recursive: true });
  const { env } = straceWorkers(traces, tamper, [], true);
  const running = startMarked(destination, ['-j', '1', ...options, from, destination], driver, env);
  let ended = false;
  const done = running.done.finally(() => {
    ended = true;
  });
  done.catch(() => {});
  let stopped = false;
  if (change) {
    await until(() => ended || isStopped(traces), 'the worker in its window', 25_000);
    if (!ended) {
      stopped = true;
      change();
      // strace lets go of the worker when it is ended itself.
      for (const { pid, command } of membersOf(destination)) if (command.startsWith('strace ')) send(pid, 'SIGTERM');
    }
  }
  return { result: await done, stopped };
}

function isStopped(traces: string): boolean {
  if (!existsSync(traces)) return false;
  const files = readdirSync(traces).filter((name) => name.endsWith('.trace'));
  return files.some((name) => readFileSync(`${traces}/${name}`, 'latin1').includes('(DELAYED)'));
}
