// What Node does not offer about its children: their CPU time, and the ones that a command leaves behind.
import { readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import koffi from 'koffi';

const PR_SET_CHILD_SUBREAPER = 36;
const RUSAGE_CHILDREN = -1;
const WNOHANG = 1;
const SIZE_OF_RUSAGE = 144;

const libc = koffi.load(null);
const prctl = libc.func('int prctl(int option, unsigned long a, unsigned long b, unsigned long c, unsigned long d)');
const getrusage = libc.func('int getrusage(int who, void *usage)');
const wait4 = libc.func('int wait4(int pid, void *status, int options, void *usage)');

/**
 * From now on a process whose parent has exited becomes a child of this one. Without it, a command that exits before
 * its workers are reaped would hide their CPU time, and look cheaper than it is.
 */
export function adoptOrphans() {
  if (prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0) !== 0) throw new Error('prctl(PR_SET_CHILD_SUBREAPER) failed');
}

/** User and system time in seconds of all children waited for so far, and of theirs. */
export function childrenUsage() {
  const usage = Buffer.alloc(SIZE_OF_RUSAGE);
  if (getrusage(RUSAGE_CHILDREN, usage) !== 0) throw new Error('getrusage failed');
  const seconds = (at) => Number(usage.readBigInt64LE(at)) + Number(usage.readBigInt64LE(at + 8)) / 1e6;
  return { user: seconds(0), system: seconds(16) };
}

/**
 * Waits for adopted processes to end, and kills those that have not after `patience` ms. Resolves to how many there
 * were, and how many had to be killed. Takes any child but those named in `except`: Node would never hear of the end of one of its own.
 */
export async function reapOrphans(patience, except = []) {
  const until = performance.now() + patience;
  const orphans = { ended: 0, killed: 0 };
  for (let left = children(except); left.length > 0; left = children(except)) {
    for (const pid of left) if (wait4(pid, null, WNOHANG, null) > 0) orphans.ended++;
    if (performance.now() > until) orphans.killed += killAll(children(except));
    await sleep(1);
  }
  return orphans;
}

function children(except) {
  const pids = readFileSync(`/proc/self/task/${process.pid}/children`, 'latin1').split(' ').filter(Boolean);
  return pids.map(Number).filter((pid) => !except.includes(pid));
}

function killAll(pids) {
  for (const pid of pids) process.kill(pid, 'SIGKILL');
  return pids.length;
}
