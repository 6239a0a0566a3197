import { execFileSync } from 'node:child_process';
import { closeSync, constants, openSync, writeSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { onTestFinished } from 'vitest';
import { childrenOf, type Process } from '../../support/processes.ts';
import { BIN, type Running, type RunOptions, start, startCommand, until } from '../../support/run.ts';

const TERMINAL = fileURLToPath(new URL('terminal.py', import.meta.url));

/** The command, and its own process number where something stands around it. */
export interface Stuck extends Running {
  commandPid: number;
}

/** What a reader that takes nothing can be: each starts the command with its stdout or stderr there, and full if it can be. */
export const STOPPED = {
  pipe: async (fd: 1 | 2, args: readonly string[], top: string, options: RunOptions = {}): Promise<Stuck> => {
    const pipe = fullPipe(`${top}/fifo`);
    const running = start(args, { ...options, [fd === 1 ? 'stdout' : 'stderr']: pipe });
    return { ...running, commandPid: running.pid };
  },
  socket: async (fd: 1 | 2, args: readonly string[], _top: string, options: RunOptions = {}): Promise<Stuck> => {
    // Node makes sockets where others make pipes.
    const running = start(args, options);
    const stream = fd === 1 ? running.child.stdout : running.child.stderr;
    stream?.pause();
    running.child.once('exit', () => stream?.resume());
    return { ...running, commandPid: running.pid };
  },
  terminal: async (_fd: 1 | 2, args: readonly string[], _top: string, options: RunOptions = {}): Promise<Stuck> => {
    const running = startCommand(['python3', TERMINAL, process.execPath, BIN, ...args], options);
    let command: Process | undefined;
    await until(() => {
      // Before that it is python itself, or what stands for python.
      command ??= childrenOf(running.pid).find((child) => child.command.startsWith(`${process.execPath} ${BIN}`));
      return command !== undefined;
    }, 'the command on its terminal');
    return { ...running, commandPid: command?.pid ?? Number.NaN };
  },
} as const;

/** Open for reading too, so that it is never broken, and filled to the brim. */
export function fullPipe(path: string): number {
  execFileSync('mkfifo', [path]);
  const filler = openSync(path, constants.O_RDWR | constants.O_NONBLOCK);
  try {
    for (;;) writeSync(filler, Buffer.alloc(4096, '.'));
  } catch {
    // EAGAIN: it is full.
  }
  const pipe = openSync(path, constants.O_RDWR);
  closeSync(filler);
  onTestFinished(() => closeSync(pipe));
  return pipe;
}
