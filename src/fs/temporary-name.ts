import { closeSync, openSync, readFileSync, readlinkSync, readSync } from 'node:fs';
import { hostname } from 'node:os';
import type { RawPath } from '../api/names.ts';
import { orNull } from './system-error.ts';

// `.pcopy-<l, n or p>-<machine>-<pid>-<random>-<job>-<n>.tmp`. `l`: its writer holds a lock on the file, so the
// kernel tells whether the writer lives. `n`: without a lock (a link or FIFO, a driver or file system without locks); the parent
// process of the run tells, where it is visible. `p`: locked, and kept for a later run (`--partial`). The random part identifies
// the run, so that nobody can create such names in advance.
const PATTERN = /^\.pcopy-([lnp])-([0-9a-f]{8}-(\d{1,10})-[0-9a-f]{16})-(\d+)-\d+\.tmp$/;

const RANDOM_DIGITS = 16;

let count = 0;

/** Makes the part that all temporary names of one run share. */
export function runMark(): string {
  return `${machine()}-${process.pid}-${randomHex()}`;
}

/** What the marks have in common that different machines have for one run. */
export function runOf(mark: string): string {
  return mark.slice(-RANDOM_DIGITS);
}

/** The mark of the same run for what this process leads of it. */
export function markHere(mark: string): string {
  return `${machine()}-${process.pid}-${runOf(mark)}`;
}

/**
 * Makes a new name. Another worker that died of the same job may have used it too.
 * @param job its number; 0: the entry outlives its job, or belongs to none
 */
export function temporaryName(mark: string, job: number, isLocked = false): RawPath {
  return `.pcopy-${isLocked ? 'l' : 'n'}-${mark}-${job}-${count++}.tmp`;
}

/** Makes a name for a file that is kept after its writer. */
export function partialName(mark: string, job: number): RawPath {
  return `.pcopy-p-${mark.slice(0, -RANDOM_DIGITS)}${randomHex()}-${job}-${count++}.tmp`;
}

/** A parsed temporary name. */
export interface TemporaryName {
  isLocked: boolean;
  isPartial: boolean;
  mark: string;
  /** Parent process of the run. */
  pid: number;
  /** The machine and the PID namespace are this process's. */
  isHere: boolean;
  /** The job it was made for. */
  job: number;
}

/** null: no temporary name. */
export function parseTemporaryName(name: RawPath): TemporaryName | null {
  if (!name.startsWith('.pcopy-')) return null;
  const [, kind, mark = '', pid, job] = PATTERN.exec(name) ?? [];
  if (kind === undefined) return null;
  const isHere = mark.startsWith(machine());
  return { isLocked: kind !== 'n', isPartial: kind === 'p', mark, pid: Number(pid), isHere, job: Number(job) };
}

function randomHex(): string {
  const bytes = Buffer.alloc(RANDOM_DIGITS / 2);
  try {
    // node:crypto takes milliseconds to load.
    const fd = openSync('/dev/urandom', 'r');
    readSync(fd, bytes);
    closeSync(fd);
  } catch {
    globalThis.crypto.getRandomValues(bytes);
  }
  return bytes.toString('hex');
}

let machineHash: string | undefined;

function machine(): string {
  machineHash ??= fnv1a(
    `${hostname()}\n${orNull(() => readFileSync('/etc/machine-id', 'utf8')) ?? ''}\n${pidNamespace()}`,
  );
  return machineHash;
}

// FNV-1a, 32 bits, in hex.
function fnv1a(text: string): string {
  let hash = 0x811c9dc5;
  for (let i = 0; i < text.length; i++) hash = Math.imul(hash ^ text.charCodeAt(i), 0x01000193);
  return (hash >>> 0).toString(16).padStart(8, '0');
}

// Process numbers differ between containers.
function pidNamespace(): string {
  return orNull(() => readlinkSync('/proc/self/ns/pid')) ?? '';
}
