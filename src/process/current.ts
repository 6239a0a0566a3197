// Small on purpose: a worker's own modules import it, and it brings nothing else with it.
import { writeSync } from 'node:fs';

/** Who this process is among those that the toolkit started. */
export interface CurrentProcess {
  /** `MainProcess`, or the name given at the start: `Process-1`, `Worker-1`. */
  readonly name: string;
  /** Slot in the pool, 0 to size - 1; null outside of a pool's worker. */
  readonly index: number | null;
  readonly pid: number;
  /** Ends with its parent instead of being waited for. */
  readonly daemon: boolean;
}

let identity: Omit<CurrentProcess, 'pid'> = { name: 'MainProcess', index: null, daemon: false };
let main = true;
let parentPid = process.ppid;
let noteFd = -1;
let mapNotes: MapMemory | null = null;
let noteMemory: Uint32Array | null = null;
const word = new Uint32Array(1);
const bytes = new Uint8Array(word.buffer);

/** The process that this code runs in. */
export function currentProcess(): CurrentProcess {
  return { ...identity, pid: process.pid };
}

/**
 * Whether this process was started by nobody of ours. A module that is a program and holds its tasks as well asks this
 * before it does what the program does, as its children import it, too.
 */
export function isMainProcess(): boolean {
  return main;
}

/**
 * Leaves a number (0 to 2^32 - 1) that survives this process however it dies: the pool finds it in `WorkerLost.note`.
 * One pwrite to an inherited, unlinked file, 1 to 3 microseconds, or with `mapNotesWith` one store to memory. Does nothing
 * in a process started without `notes`. Throws what a write throws: no room.
 */
export function leaveNote(note: number): void {
  if (noteMemory !== null) {
    noteMemory[0] = note;
    return;
  }
  if (noteFd < 0) return;
  word[0] = note;
  writeSync(noteFd, bytes, 0, 4, 0);
  // What was written has its place in memory now.
  const map = mapNotes;
  mapNotes = null;
  const memory = map?.(noteFd) ?? null;
  if (memory !== null) noteMemory = new Uint32Array(memory, 0, 1);
}

/** The memory of the first four bytes of an open file, or null. */
export type MapMemory = (fd: number) => ArrayBuffer | null;

/** For a process that has a way to map memory, which Node has not: later notes cost nothing. */
export function mapNotesWith(map: MapMemory): void {
  mapNotes = map;
}

/**
 * Whether the parent still runs: one getppid. For code that keeps the event loop busy for long, and so
 * would not hear the channel to its parent close.
 */
export function parentIsAlive(): boolean {
  return process.ppid === parentPid;
}

/** For the child runtime: who this process is. */
export function setIdentity(next: Omit<CurrentProcess, 'pid'>): void {
  identity = next;
}

/** For the child runtime: who started this process, and where it may leave notes (-1: nowhere). */
export function setOrigin(pid: number, fd: number): void {
  main = false;
  parentPid = pid;
  noteFd = fd;
}
