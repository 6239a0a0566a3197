import { CopyError } from '../api/errors.ts';
import { noTotals } from '../api/events.ts';
import { destinationPath, join, type RawPath, sourcePath, splitPath } from '../api/names.ts';
import { type DirHandleCache, MISSING } from '../fs/dir-handle-cache.ts';
import type { FileSystem, Handle, TypeLetter } from '../fs/file-system.ts';
import type { Retries } from '../fs/retry.ts';
import type { EntryResult, Report, WorkerEvent } from '../protocol/report.ts';
import type { WorkerConfig } from '../protocol/worker-config.ts';
import type { HardLinks } from './hard-links.ts';
import type { Heartbeat } from './heartbeat.ts';

/** What every step of a worker needs. One for the life of the worker; `report` is new for each job. */
export interface Context {
  readonly fs: FileSystem;
  readonly config: WorkerConfig;
  /** Directories of the source, opened; of the destination, made when missing and opened. */
  readonly source: DirHandleCache;
  readonly destination: DirHandleCache;
  /** Directories of the destination again, with the files that are linked to. */
  readonly linkTargets: DirHandleCache;
  /** chunkSize * batch bytes, allocated once. */
  readonly buffer: Buffer;
  readonly heartbeat: Heartbeat;
  readonly retries: Retries;
  hardLinks: HardLinks;
  /** Slot of this worker. */
  readonly worker: number;
  readonly emit: (event: WorkerEvent) => void;
  /** Milliseconds that this job may still wait for caches to see what other machines have made. */
  patienceMs: number;
  /** In all temporary names, with the number of the job in hand. */
  readonly mark: string;
  job: number;
  report: Report;
  /** Other file systems are mounted inside the destination: what holds of one need not hold of the next. */
  hasMounts: boolean;
  /** Identities of directories that this worker has made lately, and whether what is made in them may inherit an ACL. */
  readonly madeHere: Map<string, boolean>;
  readonly learned: Learned;
}

/** What the first refusals have told of the destination: what it cannot do is not tried again. */
export interface Learned {
  /** It makes files without a name, and lets them be named. */
  createsUnnamed: boolean;
  /** It gives a name only if that is free, in one call. Where not, what has the name is looked at before it is replaced. */
  renamesNew: boolean;
  /** Locks that were not to be had. */
  lockRefusals: number;
  /** Files can share blocks with the source's. */
  clones: boolean;
  /**
   * Times that are whole in these units (nanoseconds) have been given back as they were set. It is then asked again only for
   * finer ones, and for those that 32 bits do not hold, which are clamped.
   */
  keptTo: { atime: number; mtime: number };
}

/** One entry on its way: where it is, where it goes, and what the two are called in a message. */
export interface Entry {
  sourceDir: Handle;
  destinationDir: Handle;
  name: RawPath;
  /** What the destination calls it; differs only when a single file is copied under another name. */
  newName: RawPath;
  path: RawPath;
  type: TypeLetter;
  /** Which file the first name of several was when it was deferred; null for all other entries. */
  deferredAs: string | null;
}

/** Milliseconds between two looks at what another machine has made. */
const FIRST_LOOK = 50;
const LAST_LOOK = 1000;

/** Does the step, and again after a pause while it fails for a reason that passes. */
export function withRetries<T>(context: Context, step: () => T): T {
  const { retries, heartbeat } = context;
  const once = (): T => retries.runSync(step, (ms) => heartbeat.pause(ms));
  if (context.config.lease === null) return once();
  for (let pause = FIRST_LOOK; ; pause = Math.min(2 * pause, LAST_LOOK)) {
    try {
      return once();
    } catch (error) {
      if (context.patienceMs <= 0 || !mayBeStale(context, error)) throw error;
      context.patienceMs -= pause;
      heartbeat.pause(pause);
    }
  }
}

// What another machine has made or removed a moment ago, this one may not see for some time. Only at the destination, and only
// where a run makes or removes what is in the way.
function mayBeStale({ config }: Context, error: unknown): boolean {
  if (!(error instanceof CopyError) || error.failure.side !== 'destination') return false;
  const { code, action } = error.failure;
  switch (code) {
    case 'ENOENT':
      return action !== 'delete';
    case 'ESTALE':
      return true;
    case 'ENOTDIR':
    case 'EISDIR':
      return config.mirror;
    case 'EPCOPY_CHANGED':
      return action === 'link';
    default:
      return false;
  }
}

export function emptyReport(worker: number): Report {
  return {
    ...noTotals(),
    settledBytes: 0,
    next: 0,
    made: [],
    kept: [],
    hardLinked: [],
    linked: {},
    big: [],
    primaries: [],
    unlinkable: [],
    split: null,
    locking: [],
    failures: [],
    failure: null,
    full: false,
    worker,
    lost: {},
    entries: [],
    busyMs: 0,
  };
}

/** A directory of the run, opened on both sides. */
export interface OpenDirectory {
  path: RawPath;
  sourceDir: Handle;
  destinationDir: Handle;
}

export function entryIn(
  { config }: Context,
  { path, sourceDir, destinationDir }: OpenDirectory,
  name: RawPath,
  type: TypeLetter,
): Entry {
  const newName = config.rename?.to ?? destinationPath(name);
  return { sourceDir, destinationDir, name: sourcePath(name), newName, path: join(path, name), type, deferredAs: null };
}

/** An entry of the destination, whose source is not asked for. */
export function destinationEntry(context: Context, path: RawPath): Entry {
  const [dir, name] = splitPath(path);
  return entryIn(context, { path: dir, sourceDir: MISSING, destinationDir: context.destination.open(dir) }, name, 'f');
}

/** Counts what could not be preserved. */
export function lose(context: Context, kind: string): void {
  context.report.lost[kind] = (context.report.lost[kind] ?? 0) + 1;
}

/** Tells of an entry when somebody listens. */
export function tell(context: Context, done: EntryResult): void {
  if (context.config.entries) context.report.entries.push(done);
}
