import { readFileSync, readlinkSync } from 'node:fs';
import { hostname } from 'node:os';
import type { RawPath } from '../api/names.ts';

// A temporary file names the machine, the process that leads the run and when that process started, so that a later run
// can tell what a killed one left behind from what a live one is writing, and the run, for there may be several in one
// process: `.pcopy-<machine>-<pid>-<start>-<run>-<writer>-<n>.tmp`.
const PATTERN = /^\.pcopy-([0-9a-f]{8})-(\d+)-(\d+)-(\d+)-(\d+)-(\d+)\.tmp$/;

let runs = 0;
let count = 0;

/** The part of a temporary name that all names of one run share; a new one with each call. */
export function runMark(): string {
  return `.pcopy-${machine()}-${process.pid}-${startOf(process.pid) ?? 0}-${runs++}`;
}

/** A name no other process and no earlier call has given. */
export function temporaryName(mark: string): RawPath {
  return `${mark}-${process.pid}-${count++}.tmp`;
}

/** Whether the name was given in the run with this mark, by the process `writer` (null: by any). */
export function isTemporaryOf(name: RawPath, mark: string, writer: number | null): boolean {
  return name.startsWith(writer === null ? `${mark}-` : `${mark}-${writer}-`) && PATTERN.test(name);
}

/** Whether the name was given in a run on this machine whose leading process is gone. */
export function isAbandoned(name: RawPath): boolean {
  const match = PATTERN.exec(name);
  if (match === null || match[1] !== machine()) return false;
  return startOf(Number(match[2])) !== Number(match[3]);
}

let machineHash: string | undefined;

function machine(): string {
  machineHash ??= fnv1a(`${hostname()}\n${readText('/etc/machine-id')}\n${pidNamespace()}`);
  return machineHash;
}

// FNV-1a, 32 bits, in hex: node:crypto takes milliseconds to load.
function fnv1a(text: string): string {
  let hash = 0x811c9dc5;
  for (let i = 0; i < text.length; i++) hash = Math.imul(hash ^ text.charCodeAt(i), 0x01000193);
  return (hash >>> 0).toString(16).padStart(8, '0');
}

// Field 22 of /proc/PID/stat, in clock ticks since boot: with the pid it names a process for good. Elsewhere than on Linux
// only the pid tells.
function startOf(pid: number): number | null {
  if (process.platform === 'linux') {
    const text = readText(`/proc/${pid}/stat`);
    return text === '' ? null : Number(text.slice(text.lastIndexOf(')') + 2).split(' ')[19]);
  }
  try {
    process.kill(pid, 0);
    return 0;
  } catch {
    return null;
  }
}

// Process numbers mean nothing in another container.
function pidNamespace(): string {
  try {
    return readlinkSync('/proc/self/ns/pid');
  } catch {
    return '';
  }
}

function readText(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}
