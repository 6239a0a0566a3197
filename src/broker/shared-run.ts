// What a run leaves at the broker for those who help it, and what they answer.
import { hostname } from 'node:os';
import type { RawPath } from '../api/names.ts';
import type { Report, WorkerEvent } from '../protocol/report.ts';
import type { WorkerConfig } from '../protocol/worker-config.ts';

/** All keys at the broker begin with it. */
export const PREFIX = 'pcopy';
/** Names of the runs that may be helped, each with when it began. */
export const RUNS = `${PREFIX}:runs`;

/** Where a run tells what it is. It is renewed while the run's coordinator lives, and goes with it. */
export function keyOfRun(id: string): string {
  return `${PREFIX}:${id}:run`;
}

/** What says that a machine sees the run's own directories, and not just two of the same names. */
export interface Proof {
  /** Number of the source's inode and its time, which are the same on each machine. */
  source: { inode: string; mtime: number; mtimeNs: number };
  destinationInode: string;
  /** A temporary file at the top of the destination, and what it holds. */
  name: RawPath;
  nonce: string;
}

export interface SharedRun {
  version: string;
  config: WorkerConfig;
  proof: Proof;
}

/** Who has done a job. */
export interface Helper {
  /** Machine and process. */
  name: string;
  /** Its workers. */
  jobs: number;
}

/** A worker died over the job (see `LostJob`). */
export interface Loss {
  currentEntry: number | null;
  worker: number;
  how: string;
}

export type Answer = { helper: Helper } & ({ report: Report } | { loss: Loss });

/** What is told in the middle of a job. */
export interface News {
  helper: Helper;
  events: WorkerEvent[];
}

/** What the stream of a run's queue carries beside the queue's own events. */
export interface Notice {
  helper: string;
  message: string;
}
export const REFUSED = 'refused';

/**
 * Milliseconds that a job stays a machine's that says nothing. A pause of its event loop is far shorter, and what nobody knows
 * to be dead is waited for that long.
 */
const LOCK_MS = 15_000;

export function lockMs(): number {
  return Number(process.env.PCOPY_BROKER_LOCK_MS) || LOCK_MS;
}

/** Attempts at one job, each after a machine was lost: it is not given up for machines that come and go. */
export const MOST_ATTEMPTS = 20;

export function thisHelper(jobs: number): Helper {
  return { name: `${hostname()}:${process.pid}`, jobs };
}

/** JSON has no Infinity. */
export function encodeConfig(config: WorkerConfig): object {
  return { ...config, splitAbove: Number.isFinite(config.splitAbove) ? config.splitAbove : null };
}
