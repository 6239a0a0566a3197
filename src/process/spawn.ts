// The only file that starts processes.
import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { ROOT } from './address.ts';
import { MisuseError } from './errors.ts';
import type { Link } from './link.ts';
import { NoteFile } from './notes.ts';
import type { Address, Boot, Role } from './protocol.ts';

const BUNDLED = "a bundler has to leave pcopy out ('external'), or make that file of 'pcopy/process/child'";

/** How to start a child. */
export interface ForkOptions {
  /** Modules for the child to import as it boots, before it is told what to do. */
  preload?: readonly (URL | string)[] | undefined;
  /** Give the child a place for `leaveNote`. One file descriptor here for as long as it lives. */
  notes?: boolean | undefined;
  /**
   * What the child's standard output and error are; default `inherit`. libuv makes what is inherited blocking, for this
   * process too: one that must not wait for the reader of its own output says `ignore`.
   */
  output?: 'inherit' | 'ignore' | undefined;
  /** Environment of the child; default: this process's. */
  env?: NodeJS.ProcessEnv | undefined;
  /** Options for node, before the script; default: this process's. */
  execArgv?: readonly string[] | undefined;
  /** URL of the built child runtime; default: `child.js` of this package. */
  childEntry?: URL | string | undefined;
}

export const FORK_OPTIONS: readonly (keyof ForkOptions)[] = [
  'preload',
  'notes',
  'output',
  'env',
  'execArgv',
  'childEntry',
];

/** How a child ended. All null: it could not be started. */
export interface Ending {
  exitCode: number | null;
  signal: NodeJS.Signals | null;
  note: number | null;
  /** Why it could not be started. */
  cause?: Error;
}

/** A process that was started, or why it could not be. */
export interface Start {
  /** Null when not even the attempt to start it was possible. */
  child: ChildProcess | null;
  notes: NoteFile | null;
  failure: unknown;
}

/** A worker that was started before the rest of the toolkit was loaded (`prestartWorker` takes it over). */
export interface EarlyStart {
  address: Address;
  started: Start;
}

/**
 * Starts a worker of the first process of the tree, at most one, with nothing loaded but what that takes. To be given to `prestartWorker`
 * before the event loop turns again.
 */
export function startEarly(options: ForkOptions): EarlyStart {
  const address = `${ROOT}.0`; // The router's names begin with 1.
  return { address, started: start(address, 'worker', options) };
}

/** Too many open files, too many processes: some of it is thrown here, some reported by the child's `error`. */
export function start(address: Address, role: Role, options: ForkOptions): Start {
  const notes = options.notes === true ? noteFile() : null;
  try {
    const child = forkChild(address, role, options, notes);
    const started: Start = { child, notes, failure: null };
    child.once('error', (failure) => {
      started.failure = failure;
    });
    return started;
  } catch (failure) {
    return { child: null, notes, failure };
  }
}

/** Where nothing can be written, as in a read-only container, work is done without notes. */
function noteFile(): NoteFile | null {
  try {
    return new NoteFile();
  } catch {
    return null;
  }
}

function forkChild(address: Address, role: Role, options: ForkOptions, notes: NoteFile | null): ChildProcess {
  const NOTES_FD = 4;
  const boot: Boot = {
    address,
    parent: process.pid,
    role,
    notes: notes === null ? -1 : NOTES_FD,
    preload: (options.preload ?? []).map(String),
  };
  const { env, execArgv, childEntry, output = 'inherit' } = options;
  const entry = fileURLToPath(new URL(childEntry ?? besideThis('child.js')));
  // Node would say so on a standard error that may be ignored.
  if (!existsSync(entry)) throw new MisuseError(`${entry}, which child processes run, is not there: ${BUNDLED}`);
  const args = [...(execArgv ?? inheritedExecArgv()), entry, JSON.stringify(boot)];
  return spawn(process.execPath, args, {
    // `overlapped`: a pair of connected sockets. Windows has that name for a pipe that can be read and written at once.
    stdio: ['ignore', output, output, 'overlapped', ...(notes === null ? [] : [notes.fd])],
    ...(env === undefined ? {} : { env }),
  });
}

/** This process's own options, without a program that was given as one of them. */
function inheritedExecArgv(): string[] {
  const kept: string[] = [];
  for (let index = 0; index < process.execArgv.length; index++) {
    const option = process.execArgv[index] ?? '';
    if (/^(-e|--eval|-p|--print|-pe)$/.test(option)) index++;
    else if (!/^(--eval=|--print=|--input-type=|-i$|--interactive$)/.test(option)) kept.push(option);
  }
  return kept;
}

/** A file of this package's `dist`, where this module lies, or in `dist/chunks`. CommonJS that a bundler makes of it has no URL. */
export function besideThis(file: string): URL {
  const here = (import.meta.url as string | undefined) ?? 'file:///';
  const inChunks = new URL('.', here).pathname.endsWith('/chunks/');
  return new URL(inChunks ? `../${file}` : file, here);
}

/**
 * Resolves when it is dead and the channel is read to its end. `exit` may come before the last messages are read. The end of the link is not
 * waited for: it never comes where another process has inherited the child's end.
 */
export function untilEnded({ child, failure }: Start, link: Link): Promise<Omit<Ending, 'note'>> {
  return new Promise((resolve) => {
    if (child === null || failure !== null) {
      const cause = failure instanceof Error ? failure : new Error(String(failure));
      resolve({ exitCode: null, signal: null, cause });
      return;
    }
    child.once('exit', (exitCode, signal) => {
      link.end().then(() => resolve({ exitCode, signal }));
    });
    child.on('error', (cause) => {
      if (child.pid !== undefined) return;
      resolve({ exitCode: null, signal: null, cause });
    });
  });
}
