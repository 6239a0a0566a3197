// Storage that answers late: ../support/slowfs.c, compiled where there is a compiler and libfuse.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { tool } from './command.js';
import { NotHere } from './workspace.js';

const SOURCE = fileURLToPath(new URL('../support/slowfs.c', import.meta.url));
const MOUNTED_WITHIN_MS = 5_000;
let built;

/** Resolves to the program, made once in `dir`. Throws a NotHere that says what is missing. */
export function buildSlowfs(dir, signal) {
  built ??= compile(dir, signal);
  return built;
}

async function compile(dir, signal) {
  if (process.getuid?.() !== 0) throw new NotHere('needs root, to mount a FUSE file system');
  if (!existsSync('/dev/fuse')) throw new NotHere('needs FUSE: there is no /dev/fuse');
  const program = join(dir, 'slowfs');
  try {
    const flags = await tool(['pkg-config', '--cflags', '--libs', 'fuse3'], { signal });
    await tool(['cc', '-O2', '-pthread', SOURCE, '-o', program, ...flags.trim().split(/\s+/)], { signal });
  } catch (error) {
    signal?.throwIfAborted();
    const why = 'needs a C compiler, pkg-config and libfuse 3 with its headers';
    throw new NotHere(`${why}: ${error.message}`, { cause: error });
  }
  return program;
}

/**
 * Mounts `shown` at `at`, each request taking `delay` microseconds. Resolves to the process and to what unmounts it, which resolves to the
 * number of requests there were.
 */
export async function mountSlow(program, { shown, at, delay }) {
  mkdirSync(at, { recursive: true });
  const counts = `${at}.counts`;
  const child = spawn(program, [shown, String(delay), counts, at], { stdio: 'ignore', detached: true });
  const ended = once(child, 'exit');
  const until = performance.now() + MOUNTED_WITHIN_MS;
  while (!isMounted(at)) {
    if (child.exitCode !== null || performance.now() > until) {
      child.kill();
      throw new NotHere('the FUSE file system cannot be mounted');
    }
    await sleep(5);
  }
  return {
    pid: child.pid,
    async unmount() {
      await tool(['umount', at]);
      await ended;
      return Number(/^total (\d+)$/m.exec(readFileSync(counts, 'utf8'))[1]);
    },
  };
}

function isMounted(at) {
  return readFileSync('/proc/self/mounts', 'utf8').includes(` ${at} fuse`);
}
