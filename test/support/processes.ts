import { readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { constants } from 'node:os';

export interface Process {
  pid: number;
  parent: number;
  command: string;
}

/** Every live process (zombies aside), from /proc. */
export function processes(): Process[] {
  const found: Process[] = [];
  for (const name of readdirSync('/proc')) {
    if (!/^\d+$/.test(name)) continue;
    const stat = read(`/proc/${name}/stat`);
    const [state, parent] = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    if (state === undefined || state === 'Z' || parent === undefined) continue;
    const command = read(`/proc/${name}/cmdline`).replaceAll('\0', ' ').trim();
    found.push({ pid: Number(name), parent: Number(parent), command });
  }
  return found;
}

export function childrenOf(pid: number): Process[] {
  return processes().filter((process) => process.parent === pid);
}

/**
 * The workers that the command has started. Between fork and exec a child still is its parent: one that is stopped there keeps the
 * command waiting in the middle of its fork, deaf to signals, and holds the command's output open when that has ended.
 */
export function workersOf(pid: number): Process[] {
  return childrenOf(pid).filter(({ command }) => command.includes('worker.cjs'));
}

/** Processes whose environment holds this text: an orphan keeps it when its parents are long gone. */
export function processesWithEnvironment(text: string): Process[] {
  return processes().filter(({ pid }) => read(`/proc/${pid}/environ`).split('\0').includes(text));
}

/** What the process has open, as paths; a deleted file's has ` (deleted)` behind it. */
export function openFiles(pid: number): string[] {
  try {
    return readdirSync(`/proc/${pid}/fd`).map((fd) => readlinkSync(`/proc/${pid}/fd/${fd}`));
  } catch {
    return [];
  }
}

/** Whether the process has a handler for the signal: before it has, the signal is nobody's but the system's. */
export function catches(pid: number, signal: NodeJS.Signals): boolean {
  const [, mask = '0'] = /^SigCgt:\s*([0-9a-f]+)$/m.exec(read(`/proc/${pid}/status`)) ?? [];
  return ((BigInt(`0x${mask}`) >> BigInt(constants.signals[signal] - 1)) & 1n) === 1n;
}

function read(path: string): string {
  try {
    return readFileSync(path, 'latin1');
  } catch {
    return '';
  }
}
