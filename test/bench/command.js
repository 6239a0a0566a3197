// Runs one command at a time and says what it took.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { childrenUsage, reapOrphans } from './children.js';

const TIMEOUT_MS = 15 * 60_000;
const KILL_AFTER_MS = 3_000;
const ORPHANS_MS = 10_000;
const STDERR_TAIL = 4_096;

/** A command ended with something else than exit code 0, or left processes behind. */
export class CommandFailed extends Error {}

/**
 * Runs `argv` with stderr on a pipe, and resolves to `{ wall, user, system, outlived, watched }`: seconds, of which
 * `wall` ends when the command's own process does, while CPU time covers every process it started. `outlived` counts
 * the processes that ended later than the command. `watch(pid)` may start an observer and return what stops it and
 * gives its result; processes that are `beside` it are left alone. Rejects with CommandFailed, or with the signal's reason when that was aborted.
 */
export async function measure(argv, { signal, cwd, env, watch, beside } = {}) {
  signal?.throwIfAborted();
  const before = childrenUsage();
  const start = performance.now();
  // Its own session: Ctrl-C at the terminal reaches the bench alone, which then ends its commands in order.
  const child = spawn(argv[0], argv.slice(1), {
    stdio: ['ignore', 'ignore', 'pipe'],
    detached: true,
    cwd,
    env: { ...process.env, ...env },
  });
  const stderr = keepTail(child.stderr);
  const stop = watch && child.pid ? watch(child.pid) : undefined;
  const guard = endOn(child, signal);
  let wall;
  try {
    const [code, by] = await once(child, 'exit');
    wall = (performance.now() - start) / 1000;
    const watched = stop?.();
    const orphans = await reapOrphans(ORPHANS_MS, beside);
    const after = childrenUsage();
    await Promise.race([child.stderr.closed || once(child.stderr, 'close'), sleep(500)]);
    signal?.throwIfAborted();
    if (guard.timedOut()) throw new CommandFailed(`${argv[0]}: no end after ${TIMEOUT_MS / 60_000} minutes`);
    if (code !== 0) throw new CommandFailed(`${argv[0]}: ${by ?? `exit ${code}`}: ${lastLines(stderr())}`);
    if (orphans.killed > 0) throw new CommandFailed(`${argv[0]}: left processes behind`);
    const cpu = { user: after.user - before.user, system: after.system - before.system };
    return { wall, ...cpu, outlived: orphans.ended, watched };
  } finally {
    guard.release();
    if (wall === undefined) stop?.();
  }
}

/** Runs a tool of the bench itself and resolves to its stdout. */
export async function tool(argv, { signal, accept = [0] } = {}) {
  signal?.throwIfAborted();
  const child = spawn(argv[0], argv.slice(1), { stdio: ['ignore', 'pipe', 'pipe'], detached: true });
  const stderr = keepTail(child.stderr);
  const chunks = [];
  child.stdout.on('data', (chunk) => chunks.push(chunk));
  const guard = endOn(child, signal);
  try {
    const [code, by] = await once(child, 'close');
    signal?.throwIfAborted();
    if (!accept.includes(code)) throw new CommandFailed(`${argv.join(' ')}: ${by ?? code}: ${lastLines(stderr())}`);
    return Buffer.concat(chunks).toString();
  } finally {
    guard.release();
  }
}

function endOn(child, signal) {
  let timedOut = false;
  let kill;
  const end = () => {
    killGroup(child.pid, 'SIGTERM');
    kill ??= setTimeout(() => killGroup(child.pid, 'SIGKILL'), KILL_AFTER_MS);
  };
  const timer = setTimeout(() => {
    timedOut = true;
    end();
  }, TIMEOUT_MS);
  signal?.addEventListener('abort', end);
  return {
    timedOut: () => timedOut,
    release() {
      clearTimeout(timer);
      clearTimeout(kill);
      signal?.removeEventListener('abort', end);
    },
  };
}

function killGroup(pid, by) {
  if (!pid) return;
  try {
    process.kill(-pid, by);
  } catch (error) {
    if (error.code !== 'ESRCH') throw error;
  }
}

function keepTail(stream) {
  let tail = '';
  stream.setEncoding('latin1').on('data', (text) => {
    tail = (tail + text).slice(-STDERR_TAIL);
  });
  return () => tail;
}

// An uncaught error in Node ends with a stack and a version; the line that says what it was stands above them.
function lastLines(text) {
  const lines = text.trim().split('\n');
  const uncaught = /^Node\.js v/.test(lines.at(-1)) && lines.find((line) => /Error\b/.test(line));
  return uncaught || lines.slice(-3).join(' | ') || 'no message';
}
