import { closeSync, openSync, readFileSync, unlinkSync, writeSync } from 'node:fs';
import { setImmediate as turn } from 'node:timers/promises';

const SAMPLE_EVERY_MS = 20;
const PIECE = 4 * 1024 * 1024;

/**
 * Uses `bytes` of memory once and gives them back. A virtual machine may return free memory to its host, and then the
 * first use of a page costs more than the copy that happens to be the one to use it.
 */
export async function warmMemory(bytes, signal) {
  const path = `/dev/shm/pcopy-bench-warm-${process.pid}`;
  const fd = openSync(path, 'wx');
  unlinkSync(path);
  try {
    const piece = Buffer.alloc(PIECE, 1);
    for (let done = 0; done < bytes; done += PIECE) {
      writeSync(fd, piece);
      await turn();
      signal?.throwIfAborted();
    }
  } finally {
    closeSync(fd);
  }
}

/**
 * Watches from outside the peak resident size of a process and of its descendants. The returned function stops and
 * gives `{ parent, worker }` in bytes, `worker` being the largest descendant. The kernel keeps the peak (VmHWM), so
 * only what a process adds in its last 20 ms can be missed.
 */
export function watchMemory(pid) {
  const peak = { parent: 0, worker: 0 };
  const sample = () => {
    peak.parent = Math.max(peak.parent, peakOf(pid));
    for (const child of descendants(pid)) peak.worker = Math.max(peak.worker, peakOf(child));
  };
  const timer = setInterval(sample, SAMPLE_EVERY_MS);
  return () => {
    clearInterval(timer);
    return peak;
  };
}

/** Bytes that can be used without swapping, as the kernel estimates it. */
export function availableMemory() {
  return kilobytes(read('/proc/meminfo'), 'MemAvailable');
}

function peakOf(pid) {
  return kilobytes(read(`/proc/${pid}/status`), 'VmHWM');
}

function descendants(pid) {
  const children = read(`/proc/${pid}/task/${pid}/children`).split(' ').filter(Boolean);
  return children.flatMap((child) => [child, ...descendants(child)]);
}

function kilobytes(text, field) {
  const found = new RegExp(`^${field}:\\s+(\\d+) kB`, 'm').exec(text);
  return found ? Number(found[1]) * 1024 : 0;
}

// A process may be gone between its listing and this; then there is nothing more to see.
function read(path) {
  try {
    return readFileSync(path, 'latin1');
  } catch {
    return '';
  }
}
