import { destinationPath } from '../api/names.ts';
import { DirHandleCache, MISSING } from '../fs/dir-handle-cache.ts';
import { enterSource, openRoot } from '../fs/directories.ts';
import { attempt, toFailure } from '../fs/entry-error.ts';
import type { FileSystem, Handle } from '../fs/file-system.ts';
import { Retries } from '../fs/retry.ts';
import type { Job } from '../protocol/jobs.ts';
import type { Report, WorkerEvent } from '../protocol/report.ts';
import { NO_CURRENT_ENTRY, type WorkerConfig } from '../protocol/worker-config.ts';
import { AskedBackReader } from './asked-back.ts';
import { AskingAhead } from './asking-ahead.ts';
import { type Context, emptyReport, withRetries } from './context.ts';
import { enterDestination } from './directories.ts';
import { copyEntries, type Note } from './entries.ts';
import { finishDirectories } from './finish.ts';
import { HardLinks } from './hard-links.ts';
import { Heartbeat, WorkerMustEnd } from './heartbeat.ts';
import { LeaseReader } from './lease.ts';
import { makeLinks } from './links.ts';
import { removeEntries } from './remove.ts';
import { SmallFiles } from './small-files.ts';
import { beginSplit, copySplitRange, discardSplit, publishSplit } from './split.ts';
import { TracingHeartbeat } from './tracing-heartbeat.ts';

/**
 * Milliseconds. Network file systems look at a directory that they know again after a minute at most (acdirmax of NFS).
 */
const CACHES_MS = 70_000;

/** Connections of a worker to its process and its parent. */
export interface Connections {
  /** Slot of this worker. */
  index: number;
  /** Sends an event; the report of a job waits for all its events. */
  emit: (event: WorkerEvent) => Promise<void> | void;
  /** Records the current entry, in case the worker dies. */
  note: Note;
  askedBack?: AskedBackReader;
}

/** Runs the jobs of one run, one after the other. Several workers can live in one process. */
export class Worker {
  private readonly context: Context;
  private readonly note: Note;
  /** Events that are not sent yet. */
  private pending: (Promise<void> | void)[] = [];

  /** Opens the two directories. Throws when they are not the ones that the parent checked. */
  constructor(fs: FileSystem, config: WorkerConfig, { index, emit, note, askedBack }: Connections) {
    this.note = note;
    const send = (event: WorkerEvent): void => {
      if (event.type === 'failed' && config.lease !== null) this.context.report.failures.push(event.failure);
      else this.pending.push(emit(event));
    };
    const lease = config.lease === null ? null : new LeaseReader(fs, config.lease);
    const heartbeat = new (config.trace ? TracingHeartbeat : Heartbeat)(send, index, { rate: config.rate, lease });
    const retries = new Retries(fs, config.retries, [config.source.path, config.destination.path]);
    const open = (side: 'source' | 'destination'): Handle =>
      retries.runSync(
        () => openRoot(fs, config[side], side, config.fsync ? 'openRoot' : 'holdRoot'),
        (ms) => heartbeat.pause(ms),
      );
    // In a dry run the destination may not exist.
    const destination = config.destination.identity === '' ? MISSING : open('destination');
    const buffer = Buffer.alloc(config.chunkSize * config.batch);
    this.context = {
      fs,
      config,
      source: new DirHandleCache(fs, open('source'), enterSource(fs, config.dereference, 'holdDirectory')),
      destination: new DirHandleCache(fs, destination, (parent, name, path) =>
        enterDestination(this.context, parent, destinationPath(name), path),
      ),
      linkTargets: new DirHandleCache(fs, destination, (parent, name, path) =>
        attempt(path, 'destination', 'open', () => fs.holdDirectory(parent, destinationPath(name))),
      ),
      buffer,
      heartbeat,
      ahead: new AskingAhead(fs),
      askedBack: askedBack ?? new AskedBackReader(null),
      retries,
      smallFiles: new SmallFiles(config, buffer, heartbeat),
      hardLinks: new HardLinks(),
      worker: index,
      emit: send,
      patienceMs: 0,
      mark: config.runMark,
      job: 0,
      report: emptyReport(index),
      hasMounts: false,
      madeHere: new Map(),
      learned: {
        createsUnnamed: true,
        renamesNew: true,
        lockRefusals: 0,
        clones: true,
        keptTo: { atime: Number.POSITIVE_INFINITY, mtime: Number.POSITIVE_INFINITY },
      },
    };
  }

  /**
   * One job at a time. The failure of an entry is an event and counted in the report; that of the whole job is in the report. Throws
   * WorkerMustEnd.
   * @param number of the job, part of the names of its temporary files
   */
  async run(job: Job, number: number): Promise<Report> {
    const { context } = this;
    const report = emptyReport(context.worker);
    context.job = number;
    context.patienceMs = CACHES_MS;
    // Another machine may have done the last job over: what it copied is what counts.
    if (context.config.lease !== null) context.hardLinks = new HardLinks();
    context.report = report;
    context.heartbeat.beginJob();
    this.note(NO_CURRENT_ENTRY);
    const began = performance.now();
    try {
      const rest = this.dispatch(job);
      if (rest !== undefined) await rest;
    } catch (error) {
      if (error instanceof WorkerMustEnd) throw error;
      report.failure = toFailure(error, 'path' in job ? job.path : '');
    }
    report.busyMs = performance.now() - began;
    context.heartbeat.endJob(job, report);
    const { pending } = this;
    this.pending = [];
    await Promise.all(pending);
    return report;
  }

  private dispatch(job: Job): Promise<void> | void {
    const { context } = this;
    switch (job.kind) {
      case 'entries':
        return copyEntries(context, job, this.note);
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

  /** Closes all directories. */
  close(): void {
    const { fs, source, destination, linkTargets, heartbeat } = this.context;
    heartbeat.close();
    for (const tree of [source, destination, linkTargets]) tree.close();
    for (const root of [source.root, destination.root]) if (root !== MISSING) fs.close(root);
  }
}
