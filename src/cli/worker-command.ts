import { RefusedError, UsageError } from '../api/errors.ts';
import { escapeControls, type RawPath } from '../api/names.ts';
import { BadValue, brokerUrl, MOST_JOBS, usualJobs, whole } from '../api/values.ts';
import { type EndingSignal, exitCodeOfError, SIGNAL_CODES } from './exit-codes.ts';

const USAGE = `Usage: pcopy worker <url> --allow <dir> [--allow <dir>] [-j <n>]

Helps to copy: does jobs of the runs on other machines that name the same Redis server with --broker.

  --allow <dir>    copy only inside this directory; repeatable, one at least
  -j, --jobs <n>   worker processes for each run, 1 to 64 (default: one for each CPU, 2 to 16)
`;

export interface WorkerCommand {
  url: string;
  allow: RawPath[];
  jobs: number;
}

/** What the helper is, as `help` in src/broker/helper.ts. */
export type Help = (options: WorkerCommand & { say: (line: string) => void; signal: AbortSignal }) => Promise<void>;

/** @throws UsageError; null: the help is asked for */
function parseWorkerCommand(args: readonly RawPath[]): WorkerCommand | null {
  const [, url = '', ...rest] = args;
  if (rest.includes('-h') || rest.includes('--help')) return null;
  if (!brokerUrl.fits(url)) throw new UsageError(`argument 'url': takes ${brokerUrl.takes}`);
  const allow: RawPath[] = [];
  let jobs = usualJobs();
  for (let at = 0; at < rest.length; at++) {
    const [, name = '', attached] = /^(--allow|--jobs|-j)(?:=?(.+))?$/s.exec(rest[at] ?? '') ?? [];
    if (name === '') throw new UsageError(`unknown argument '${rest[at]}' of worker`);
    const value = attached ?? rest[++at];
    if (value === undefined) throw new UsageError(`option '${name}' argument missing`);
    if (name === '--allow') allow.push(value);
    else jobs = jobsOf(name, value);
  }
  if (allow.length === 0) throw new UsageError("option '--allow <dir>' is missing: nothing may be copied without it");
  return { url, allow, jobs };
}

function jobsOf(name: string, value: string): number {
  try {
    return Number(whole(1, MOST_JOBS).text?.parse(value));
  } catch (error) {
    if (!(error instanceof BadValue)) throw error;
    throw new UsageError(`option '${name}' argument '${value}' is invalid. ${error.message}`, { cause: error });
  }
}

/** @returns the exit code */
export async function runWorkerCommand(args: readonly RawPath[], load: () => Promise<Help>): Promise<number> {
  const say = (line: string): void => void process.stderr.write(`${escapeControls(line)}\n`);
  let received: EndingSignal | undefined;
  const ending = new AbortController();
  for (const signal of Object.keys(SIGNAL_CODES) as EndingSignal[]) {
    process.on(signal, () => {
      if (received !== undefined) process.exit(SIGNAL_CODES[signal]);
      received = signal;
      say(`pcopy: ${signal}: ending after the current entries; once more to end at once`);
      ending.abort();
    });
  }
  try {
    const command = parseWorkerCommand(args);
    if (command === null) {
      process.stdout.write(USAGE);
      return 0;
    }
    const help = await load();
    await help({ ...command, say, signal: ending.signal });
    return received === undefined ? 0 : SIGNAL_CODES[received];
  } catch (error) {
    const { message } = error as Error;
    const code = error instanceof RefusedError ? ` (${error.code})` : '';
    say(`pcopy: ${message}${code}`);
    if (error instanceof UsageError) say("Try 'pcopy worker --help'.");
    return exitCodeOfError(error);
  }
}
