import { type Process, processes, processesWithEnvironment } from '../../support/processes.ts';
import { type Driver, type Running, start } from '../../support/run.ts';

/** A run whose processes can be told from all others. */
export function startMarked(
  mark: string,
  args: readonly string[],
  driver: Driver,
  env: Record<string, string> = {},
): Running {
  return start(args, { driver, env: { ...env, PCOPY_TEST_CASE: mark } });
}

/** Every process of that run, orphans too. */
export function membersOf(mark: string): Process[] {
  return processesWithEnvironment(`PCOPY_TEST_CASE=${mark}`);
}

/** The command itself and its workers, the command first. */
export function familyOf(pid: number): number[] {
  return [pid, ...processes().flatMap((process) => (process.parent === pid ? [process.pid] : []))];
}

/** @returns false when it had ended: a moment like any other */
export function send(pid: number, signal: NodeJS.Signals): boolean {
  try {
    process.kill(pid, signal);
    return true;
  } catch {
    return false;
  }
}

export function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
