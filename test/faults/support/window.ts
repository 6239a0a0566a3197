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

/** A moment between two calls: right after the `at`-th call of its name on one of the two trees. */
export interface Window extends Call {
  at: number;
}

/** The windows of a run that nobody disturbs, in their order. */
export async function undisturbed(stage: Stage): Promise<{ windows: Window[]; result: Finished }> {
  const { result } = await runWith(stage, []);
  const calls = callsInTrees(stage);
  const windows = calls.map((call) => ({ ...call, at: calls.filter(({ name }) => name === call.name).indexOf(call) }));
  return { windows, result };
}

/**
 * Holds the worker in the window, changes something, and lets it go on: what a race needs luck to hit is open every time.
 * A worker's calls before its work vary by a few from run to run, and with them what `ordinal` means: `missedBy` is by how
 * many it was wrong, null when the worker never came there.
 */
export async function disturbedIn(
  window: Window,
  stage: Stage,
  change: () => void,
): Promise<{ result: Finished; missedBy: number | null }> {
  const tamper = [`${window.name}:delay_exit=${DELAY}:when=${window.ordinal}`];
  const { result, stopped } = await runWith(stage, tamper, change);
  if (!stopped) return { result, missedBy: null };
  const held = callsIn(stage.traces).find(({ text }) => text.includes('(DELAYED)'));
  const wanted = callsInTrees(stage).filter(({ name }) => name === window.name)[window.at];
  // Once it is let go it is no longer watched: what was to come is not known.
  return { result, missedBy: held && wanted ? wanted.ordinal - held.ordinal : 1 };
}

/**
 * Holds a worker right after the call that `pick` finds in a run that nobody disturbs, makes the change, and lets it go on;
 * again in fresh stages until the call was met.
 * @param stageFor makes the stage of the given number, 0 the undisturbed one
 */
export async function disturbedAfter(
  pick: (windows: Window[]) => Window | undefined,
  stageFor: (lane: number) => Stage,
  change: (stage: Stage) => void,
): Promise<{ result: Finished; stage: Stage }> {
  let window = pick((await undisturbed(stageFor(0))).windows);
  if (window === undefined) throw new Error('no such call');
  for (let lane = 1; lane <= 6; lane++) {
    const stage = stageFor(lane);
    const { result, missedBy } = await disturbedIn(window, stage, () => change(stage));
    if (missedBy === 0) return { result, stage };
    window = { ...window, ordinal: window.ordinal + (missedBy ?? 0) };
  }
  throw new Error(`never met: ${window.text}`);
}

function callsInTrees({ from, destination, traces }: Stage): Call[] {
  return callsIn(traces).filter(
    ({ text }) => text.includes(from) || text.includes(destination) || text.includes('"/proc/self/fd/'),
  );
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
