import { CopyError } from '../api/errors.ts';
import { noTotals } from '../api/events.ts';
import { destinationPath, join, type RawPath, sourcePath, splitPath } from '../api/names.ts';
import { type DirHandleCache, MISSING } from '../fs/dir-handle-cache.ts';
import { attempt } from '../fs/entry-error.ts';
import type { FileSystem, Handle, TypeLetter } from '../fs/file-system.ts';
import type { Retries } from '../fs/retry.ts';
import type { EntryResult, Report, WorkerEvent } from '../protocol/report.ts';
import type { WorkerConfig } from '../protocol/worker-config.ts';
import type { AskedBackReader } from './asked-back.ts';
import type { AskingAhead } from './asking-ahead.ts';
import type { HardLinks } from './hard-links.ts';
import type { Heartbeat } from './heartbeat.ts';
import type { SmallFiles } from './small-files.ts';

/** The state of a worker that all steps share. `report` is new for each job. */
export interface Context {
  readonly fs: FileSystem;
  readonly config: WorkerConfig;
  /** Open directories of the source, and of the destination, where missing ones are made. */
  readonly source: DirHandleCache;
  readonly destination: DirHandleCache;
  /** Open destination directories of files that are linked to. */
  readonly linkTargets: DirHandleCache;
  /** chunkSize * batch bytes, allocated once. */
  readonly buffer: Buffer;
  readonly heartbeat: Heartbeat;
  readonly ahead: AskingAhead;
  readonly askedBack: AskedBackReader;
  readonly retries: Retries;
  readonly smallFiles: SmallFiles;
  hardLinks: HardLinks;
  /** Slot of this worker. */
  readonly worker: number;
  readonly emit: (event: WorkerEvent) => void;
  /** Milliseconds that this job may still wait for caches to see what other machines have made. */
  patienceMs: number;
  /** In all temporary names, with the number of the current job. */
  readonly mark: string;
  job: number;
  report: Report;
  /** Other file systems are mounted inside the destination, and may differ from it. */
  hasMounts: boolean;
  /** Identities of directories that this worker made recently, and whether their entries may inherit an ACL. */
  readonly madeHere: Map<string, boolean>;
  readonly learned: Learned;
}

/** What the worker has learned about the destination, so that unsupported calls are not tried again. */
export interface Learned {
  /** It can create unnamed files and name them. */
  createsUnnamed: boolean;
  /** It can rename without replacing, in one call. Otherwise the name is checked before it is replaced. */
  renamesNew: boolean;
  /** Number of failed locks. */
  lockRefusals: number;
  /** Files can share blocks with the source. */
  clones: boolean;
  /**
   * Times that are multiples of these units (nanoseconds) are stored exactly. Only finer times are checked again, and those beyond
   * 32 bits, which may be clamped.
   */
  keptTo: { atime: number; mtime: number };
}

/** An entry that is being copied. */
export interface Entry {
  sourceDir: Handle;
  destinationDir: Handle;
  name: RawPath;
  /** Its name at the destination. */
  newName: RawPath;
  path: RawPath;
  type: TypeLetter;
  /** For the first name of a hard-linked file: its identity when it was deferred; else null. */
  deferredAs: string | null;
}

/** Milliseconds between two looks at what another machine has made. */
const FIRST_LOOK = 50;
const LAST_LOOK = 1000;

/** Runs the step, with retries after transient failures. */
export function withRetries<T>(context: Context, step: () => T): T {
  // What a step that succeeds needs, and no more: every entry is one.
  try {
    return step();
  } catch (error) {
    return retry(context, step, error);
  }
}

function retry<T>(context: Context, step: () => T, failure: unknown): T {
  const { config, retries, heartbeat, ahead } = context;
  // There may be too many open files.
  ahead.drop();
  const wait = (ms: number): void => heartbeat.pause(ms);
  let again = (): T => retries.runAgain(step, wait, failure);
  if (config.lease === null) return again();
  for (let pause = FIRST_LOOK; ; pause = Math.min(2 * pause, LAST_LOOK)) {
    try {
      return again();
    } catch (error) {
      if (context.patienceMs <= 0 || !mayBeStale(context, error)) throw error;
      context.patienceMs -= pause;
      heartbeat.pause(pause);
      // It may be missing because another machine does the job over.
      heartbeat.guard();
      again = () => retries.runSync(step, wait);
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
  const newName = config.single?.to ?? destinationPath(name);
  return { sourceDir, destinationDir, name: sourcePath(name), newName, path: join(path, name), type, deferredAs: null };
}

/** An entry of the destination without a source directory. */
export function destinationEntry(context: Context, path: RawPath): Entry {
  const [dir, name] = splitPath(path);
  return entryIn(context, { path: dir, sourceDir: MISSING, destinationDir: context.destination.open(dir) }, name, 'f');
}

/** With `fsync`: waits until a file or directory of the destination is on the disk. */
export function syncIfAsked({ fs, config }: Context, path: RawPath, handle: Handle): void {
  if (config.fsync) attempt(path, 'destination', 'fsync', () => fs.sync(handle));
}

/** Counts metadata that could not be preserved. */
export function lose(context: Context, kind: string): void {
  context.report.lost[kind] = (context.report.lost[kind] ?? 0) + 1;
}

/** Reports an entry, if entries are reported. */
export function reportEntry(context: Context, done: EntryResult): void {
  if (context.config.entries) context.report.entries.push(done);
}
