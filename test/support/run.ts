import { type ChildProcess, type StdioOptions, spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { describe, expect, onTestFinished } from 'vitest';

/** The repository, and the command as it ships: these tests never import `src`. */
export const ROOT = fileURLToPath(new URL('../..', import.meta.url)).replace(/\/$/, '');
export const BIN = `${ROOT}/bin/pcopy.js`;

export type Driver = 'libc' | 'node';
export const DRIVERS: readonly Driver[] = ['libc', 'node'];

/** Someone without any privilege; nothing on a machine belongs to this number. */
export const ORDINARY = { uid: 54321, gid: 54321 };

export type Argument = string | Buffer;

export interface RunOptions {
  driver?: Driver;
  env?: Record<string, string | undefined>;
  cwd?: string;
  stdin?: string | Buffer;
  user?: { uid: number; gid: number };
  /** Put before the command: `['strace', '-f']`, `['prlimit', '--nofile=40']`. */
  prefix?: readonly string[];
  /** A hard limit: the whole process group is killed and the promise rejects. Default 60 s. */
  timeoutMs?: number;
  /** Descriptors (or `ignore`) in place of the collected pipes. */
  stdout?: number | 'ignore';
  stderr?: number | 'ignore';
}

export interface Finished {
  command: string;
  code: number | null;
  signal: NodeJS.Signals | null;
  stdout: string;
  stderr: string;
}

export interface Running {
  child: ChildProcess;
  pid: number;
  done: Promise<Finished>;
  /** What has come so far. */
  output(): { stdout: string; stderr: string };
}

/** Runs the built command to its end. */
export function pcopy(args: readonly Argument[], options: RunOptions = {}): Promise<Finished> {
  return start(args, options).done;
}

/** Starts the built command. Its process group is gone at the end of the test, or at the time limit. */
export function start(args: readonly Argument[], options: RunOptions = {}): Running {
  return startCommand(commandLine(args), options);
}

/** The same for any program, for what has to stand around the command (a shell, `script`). */
export function startCommand(command: readonly string[], options: RunOptions = {}): Running {
  const [program, ...rest] = [...(options.prefix ?? []), ...command];
  const stdio: StdioOptions = [
    options.stdin === undefined ? 'ignore' : 'pipe',
    options.stdout ?? 'pipe',
    options.stderr ?? 'pipe',
  ];
  const child = spawn(program ?? '', rest, {
    cwd: options.cwd,
    env: environment(options),
    stdio,
    detached: true,
    ...options.user,
  });
  const pid = child.pid ?? 0;
  const collected = { stdout: [] as Buffer[], stderr: [] as Buffer[] };
  child.stdout?.on('data', (data: Buffer) => collected.stdout.push(data));
  child.stderr?.on('data', (data: Buffer) => collected.stderr.push(data));
  child.stdin?.on('error', () => {});
  child.stdin?.end(options.stdin);
  onTestFinished(() => killGroup(pid));

  const output = () => ({
    stdout: Buffer.concat(collected.stdout).toString(),
    stderr: Buffer.concat(collected.stderr).toString(),
  });
  const limit = options.timeoutMs ?? 60_000;
  const done = new Promise<Finished>((resolve, reject) => {
    const timer = setTimeout(() => {
      killGroup(pid);
      const { stdout, stderr } = output();
      reject(
        new Error(
          `still running after ${limit} ms: ${command.join(' ')}\n${stdout.slice(-2000)}\n${stderr.slice(-2000)}`,
        ),
      );
    }, limit);
    child.on('error', (error) => {
      clearTimeout(timer);
      reject(error);
    });
    child.on('close', (code, signal) => {
      clearTimeout(timer);
      resolve({ command: command.join(' '), code, signal, ...output() });
    });
  });
  return { child, pid, done, output };
}

/** Fails with everything the command said, not with two numbers. */
export function expectExit(result: Finished, code: number): Finished {
  const said = `${result.command}\nstdout:\n${result.stdout.slice(-4000)}\nstderr:\n${result.stderr.slice(-4000)}`;
  expect(result.code ?? result.signal, said).toBe(code);
  return result;
}

/** The copy that has to work. */
export async function copy(args: readonly Argument[], options: RunOptions = {}): Promise<Finished> {
  return expectExit(await pcopy(args, options), 0);
}

/** The same tests over both file-system drivers. */
export function overBothDrivers(body: (driver: Driver) => void): void {
  describe.each(DRIVERS)('driver %s', body);
}

/** Resolves when the condition holds; rejects when it does not within the limit. */
export async function until(condition: () => boolean, what: string, limitMs = 30_000): Promise<void> {
  const deadline = Date.now() + limitMs;
  while (!condition()) {
    if (Date.now() > deadline) throw new Error(`waited ${limitMs} ms in vain: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}

function environment({ env, driver }: RunOptions): NodeJS.ProcessEnv {
  const clean: NodeJS.ProcessEnv = { ...process.env };
  // What would change the output under test, when the tests themselves run in a CI job or a coloured terminal.
  for (const name of ['GITHUB_ACTIONS', 'GITHUB_STEP_SUMMARY', 'NO_COLOR', 'FORCE_COLOR', 'CI', 'NODE_OPTIONS']) {
    delete clean[name];
  }
  // Where this is set Node reads a file of certificates at its start, which may take longer than all the rest of a run.
  delete clean.NODE_EXTRA_CA_CERTS;
  for (const name of Object.keys(clean)) if (name.startsWith('VITEST')) delete clean[name];
  return { ...clean, ...(driver === undefined ? {} : { PCOPY_DRIVER: driver }), ...env };
}

/** Node passes arguments as UTF-8 text only; other bytes go through the shell's `$'...'`. */
function commandLine(args: readonly Argument[]): string[] {
  if (args.every((arg) => typeof arg === 'string')) return [process.execPath, BIN, ...args];
  const words = [process.execPath, BIN, ...args].map((arg) => `$'${escaped(Buffer.from(arg))}'`);
  return ['bash', '-c', `exec ${words.join(' ')}`];
}

function escaped(argument: Buffer): string {
  return argument
    .toString('latin1')
    .replace(/[^\w./ -]/g, (byte) => `\\x${byte.charCodeAt(0).toString(16).padStart(2, '0')}`);
}

function killGroup(pid: number): void {
  if (pid <= 0) return;
  try {
    process.kill(-pid, 'SIGKILL');
  } catch {
    // Nobody left in it: what a good run looks like.
  }
}
