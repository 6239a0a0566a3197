// The copier's half of a worker process: one call to set it up, then one call per job, one after the other.

import { DirHandleCache, MISSING } from '../fs/dir-handle-cache.ts';
import { enterSource, openRoot } from '../fs/directories.ts';
import { openFileSystem } from '../fs/driver.ts';
import { attempt, toFailure } from '../fs/entry-error.ts';
import type { Handle } from '../fs/file-system.ts';
import { Retries } from '../fs/retry.ts';
import { currentProcess, leaveNote, mapNotesWith } from '../process/current.ts';
import type { Queue } from '../process/queue.ts';
import type { Job } from '../protocol/jobs.ts';
import type { Report, WorkerEvent } from '../protocol/report.ts';
import { NO_CURRENT_ENTRY, type WorkerConfig } from '../protocol/worker-config.ts';
import { type Context, emptyReport } from './context.ts';
import { enterDestination } from './directories.ts';
import { copyEntries } from './entries.ts';
import { finishDirectories } from './finish.ts';
import { Heartbeat, ParentDied } from './heartbeat.ts';
import { makeLinks } from './links.ts';
import { removeEntries } from './remove.ts';
import { withRetries } from './retry.ts';
import { beginSplit, copySplitRange, discardSplit, publishSplit } from './split.ts';

// Loading the driver is most of a worker's start: begin before anybody asks.
const early = openFileSystem().catch(() => null);

let ready: Context | undefined;
let told: Promise<void>[] = [];

/** Opens the two directories. Throws when they are not what the parent saw. */
export async function setup(config: WorkerConfig, events: Queue<WorkerEvent>): Promise<void> {
  const loaded = await early;
  const fs = loaded?.name === config.driver ? loaded : await openFileSystem(config.driver);
  mapNotesWith((fd) => fs.map(fd, 4));
  // Modes are given exactly as the source has them.
  process.umask(0);
  const emit = (event: WorkerEvent): void => {
    told.push(events.put(event));
  };
  const worker = currentProcess().index ?? 0;
  const heartbeat = new Heartbeat(emit, worker, config.rate);
  const retries = new Retries(fs, config.retries, [config.source.path, config.destination.path]);
  const open = (side: 'source' | 'destination'): Handle =>
    retries.runSync(
      () => openRoot(fs, config[side], side),
      (ms) => heartbeat.pause(ms),
    );
  // In a dry run the destination may not be there.
  const destination = config.destination.identity === '' ? MISSING : open('destination');
  const context: Context = {
    fs,
    config,
    source: new DirHandleCache(fs, open('source'), enterSource(fs, config.dereference, 'holdDirectory')),
    destination: new DirHandleCache(fs, destination, (parent, name, path) =>
      enterDestination(context, parent, name, path),
    ),
    linkTargets: new DirHandleCache(fs, destination, (parent, name, path) =>
      attempt(path, 'destination', 'open', () => fs.holdDirectory(parent, name)),
    ),
    buffer: Buffer.alloc(config.chunkSize * config.batch),
    heartbeat,
    retries,
    worker,
    emit,
    report: emptyReport(worker),
    hasMounts: false,
    madeHere: new Map(),
  };
  ready = context;
}

/** Does one job. Failures of entries are events, counted in the report; one of the job as a whole is in the report. */
export async function runJob(job: Job): Promise<Report> {
  const context = ready;
  if (context === undefined) throw new Error('runJob before setup');
  context.report = emptyReport(context.worker);
  context.heartbeat.beginJob();
  note(NO_CURRENT_ENTRY);
  const began = performance.now();
  try {
    dispatch(context, job);
  } catch (error) {
    if (error instanceof ParentDied) process.exit(1);
    context.report.failure = toFailure(error, 'path' in job ? job.path : '');
  }
  context.report.busyMs = performance.now() - began;
  await Promise.all(told);
  told = [];
  return context.report;
}

// Without its note a dead worker's entry in hand is not known; no reason to fail before it is dead.
function note(index: number): void {
  try {
    leaveNote(index);
  } catch {
    // No room, or whatever else the memory file system says.
  }
}

function dispatch(context: Context, job: Job): void {
  switch (job.kind) {
    case 'entries':
      return copyEntries(context, job, note);
    case 'links':
      return makeLinks(context, job);
    case 'split':
      return withRetries(context, () => beginSplit(context, job));
    case 'range':
      return withRetries(context, () => copySplitRange(context, job));
    case 'publish':
      return withRetries(context, () => publishSplit(context, job));
    case 'discard':
      return discardSplit(context, job.path, job.split);
    case 'finish':
      return finishDirectories(context, job);
    case 'delete':
      return removeEntries(context, job);
    default:
      return job satisfies never;
  }
}
