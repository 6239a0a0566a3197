import { readdirSync, readFileSync } from 'node:fs';
import { basename, dirname } from 'node:path';

/**
 * The prefix that records these system calls, with the paths behind descriptors. A log for each thread: in a common
 * one, calls that overlap are cut in two.
 */
export function tracing(log: string, ...calls: string[]): string[] {
  return ['strace', '-ff', '--seccomp-bpf', '-y', '-qq', '-e', `trace=${calls.join(',')}`, '-o', log];
}

/** The recorded calls, a line each; those of one thread stay in order. */
export function traced(log: string): string[] {
  const logs = readdirSync(dirname(log)).filter((name) => name.startsWith(`${basename(log)}.`));
  return logs
    .flatMap((name) => readFileSync(`${dirname(log)}/${name}`, 'utf8').split('\n'))
    .filter((line) => line !== '');
}

/** The prefix that makes these calls fail, on these paths only when there are any. */
export function failing(calls: string, error: string, ...paths: string[]): string[] {
  const only = [...paths.flatMap((path) => ['-P', path]), '-e', `trace=${calls}`];
  return ['strace', '-f', '--seccomp-bpf', '-qq', '-o', '/dev/null', ...only, '-e', `inject=${calls}:error=${error}`];
}
