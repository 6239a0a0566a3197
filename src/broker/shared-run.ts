// What a run publishes at the broker for its helpers, and what they answer.
import { hostname } from 'node:os';
import type { RawPath } from '../api/names.ts';
import type { Report, WorkerEvent } from '../protocol/report.ts';
import type { WorkerConfig } from '../protocol/worker-config.ts';

/** Prefix of all keys at the broker. */
export const PREFIX = 'pcopy';
/** Sorted set of the runs that can be helped, by start time; and the channel on which their names are told when they begin and end. */
export const RUNS = `${PREFIX}:runs`;

/** Key of the description of a run. It expires unless the coordinator renews it. */
export function keyOfRun(id: string): string {
  return `${PREFIX}:${id}:run`;
}

/** Proves that a machine sees the directories of the run, not others with the same paths. */
export interface Proof {
  /** Inode number and time of the source, which are the same on each machine. */
  source: { inode: string; mtime: number; mtimeNs: number };
  destinationInode: string;
  /** A temporary file at the top of the destination, and its content. */
  name: RawPath;
  nonce: string;
}

export interface SharedRun {
  version: string;
  config: WorkerConfig;
  proof: Proof;
  /** The rate of all machines together; null: without limit. */
  bytesPerSecond: number | null;
}

/** The machine that ran a job. */
export interface Helper {
  /** Host name and process id. */
  name: string;
  /** Number of its workers. */
  jobs: number;
}

/** A worker died over the job (see `LostJob`). */
export interface Loss {
  currentEntry: number | null;
  worker: number;
  how: string;
}

export type Answer = { helper: Helper } & ({ report: Report } | { loss: Loss });

/** Sent while a job runs. */
export interface ProgressUpdate {
  helper: Helper;
  events: WorkerEvent[];
}

/** An event of ours in the event stream of a run's queue. */
export interface Notice {
  helper: string;
  message: string;
}
export const REFUSED = 'refused';

/** What a job is called at the broker that was added a second time; else by its kind. Its attempts are counted anew. */
export const AGAIN = 'again';

/**
 * Milliseconds after which the lock of a job expires unless it is renewed. It must be far longer than a pause of an event loop; the
 * jobs of a dead machine wait that long.
 */
const LOCK_MS = 15_000;

export function lockMs(): number {
  return Number(process.env.PCOPY_BROKER_LOCK_MS) || LOCK_MS;
}

/** Attempts at one job. High, because machines may come and go; each attempt but the first follows the loss of a machine. */
export const MOST_ATTEMPTS = 20;

export function thisHelper(jobs: number): Helper {
  return { name: `${hostname()}:${process.pid}`, jobs };
}

/** JSON has no Infinity. */
export function encodeConfig(config: WorkerConfig): object {
  return { ...config, splitAbove: Number.isFinite(config.splitAbove) ? config.splitAbove : null };
}
