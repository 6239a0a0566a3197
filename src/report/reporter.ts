import { types } from 'node:util';
import type { Config } from '../api/config.ts';
import { CopyError, type Failure, RefusedError } from '../api/errors.ts';
import type { CopyEvent, Kind, Load, Outcome, Summary } from '../api/events.ts';
import { destinationPath, fromText, type RawPath, sourcePath } from '../api/names.ts';
import type { FileSystem } from '../fs/file-system.ts';
import { codeOf, fromNode } from '../fs/system-error.ts';
import type { Plan } from '../plan/prepare.ts';
import type { Queue } from '../process/queue.ts';
import { kindOf } from '../protocol/kind.ts';
import { monotonicMs } from '../protocol/monotonic-clock.ts';
import type { EntryResult, Progress, Report, WorkerEvent } from '../protocol/report.ts';
import { Counters } from './counters.ts';
import type { Manifest } from './manifest.ts';
import { Meter } from './meter.ts';
import { SeenFailures } from './seen-failures.ts';
import type { TextOutput } from './text-output.ts';
import type { Trace, Tracing } from './trace.ts';

/** Milliseconds between two progress events. */
const PROGRESS_MS = 100;

/** Turns what happens in the pipeline into counts and events, and decides when a run ends early. */
export class RunReporter {
  readonly counters: Counters;
  /** Why nothing may be deleted: the listing of the source is incomplete or not trustworthy. */
  deletesNothing: string | null = null;
  readonly config: Config;
  private readonly driver: 'libc' | 'node';
  private readonly onEvent: (event: CopyEvent) => void | Promise<void>;
  /** Pending while the consumer of the events asks for a pause. */
  pause: Promise<void> | undefined;
  /** Resolves when the run ends early; nothing is waited for then. */
  private readonly over: Promise<void>;
  private isOver: () => void = () => {};
  private readonly interrupted: Promise<void>;
  private isInterrupted: () => void = () => {};
  private readonly seenFailures = new SeenFailures();
  private readonly meter = new Meter();
  private manifest: Manifest | null = null;
  private trace: Trace | null = null;
  private plan: Plan | null = null;
  private stop: () => void = () => {};
  private outcome: Outcome | null = null;
  /** Original modes of destination directories that denied us access. */
  readonly opened = new Map<RawPath, number>();
  private reason: Summary['reason'];
  private unforeseen: unknown = null;
  private timer: NodeJS.Timeout | undefined;
  /** The number of workers, when it can change. */
  private workers: { readonly current: number; readonly highest: number } | undefined;

  constructor(config: Config, driver: 'libc' | 'node', onEvent: (event: CopyEvent) => void | Promise<void>) {
    this.config = config;
    this.driver = driver;
    this.onEvent = onEvent;
    this.over = new Promise((resolve) => {
      this.isOver = resolve;
    });
    this.interrupted = new Promise((resolve) => {
      this.isInterrupted = resolve;
    });
    this.counters = new Counters(config.sizes !== false, config.bwlimit || null, performance.now());
  }

  /** Whether the run has ended early. */
  get ended(): boolean {
    return this.outcome !== null;
  }

  /** Rejects with RefusedError when the manifest or the trace cannot be created. */
  async openOutputs(fs: FileSystem, plan: Plan): Promise<void> {
    const { manifest, trace, dryRun } = this.config;
    const open = <T>(
      what: string,
      typed: string,
      Output: new (...args: ConstructorParameters<typeof TextOutput>) => T,
    ): T => {
      try {
        return new Output(fs, typed, this.config, plan.destination);
      } catch (error) {
        const { code, message } = wordsOf(error);
        throw new RefusedError(fromText(typed), `cannot make the ${what}: ${message}`, code, { cause: error });
      }
    };
    if (manifest !== null && !dryRun) {
      const { Manifest } = await import('./manifest.ts');
      this.manifest = open('manifest', manifest, Manifest);
    }
    if (trace !== null) {
      const { Trace } = await import('./trace.ts');
      this.trace = open('trace', trace, Trace);
    }
  }

  /** @param workers their number, kept up to date */
  setWorkerLimit(workers: { readonly current: number; readonly highest: number }): void {
    this.workers = workers;
  }

  /**
   * A listing and its copy begin; with several sources there are several.
   * @param stop prevents new work
   */
  start(plan: Plan, stop: () => void): void {
    const { jobs, dryRun } = this.config;
    const isFirst = this.plan === null;
    this.plan ??= plan;
    this.stop = stop;
    const merged = isMerged(plan);
    this.emit({
      type: 'start',
      source: plan.source.path,
      destination: plan.destination.path,
      jobs,
      driver: this.driver,
      merged,
      dryRun,
      ...(plan.single === null ? {} : { single: plan.single }),
      ...(plan.names === null ? {} : { sources: plan.names.length }),
    });
    if (!isFirst) return;
    if (this.driver === 'node') {
      if (this.config.archive) {
        this.warn(
          '',
          'EPCOPY_DRIVER',
          'the node driver does not see extended attributes and ACLs: they are not copied',
        );
      } else if (process.platform === 'linux' && process.env.PCOPY_DRIVER !== 'node') {
        const message = 'koffi does not load: the node driver is used, which keeps times to the microsecond only';
        this.warn('', 'EPCOPY_DRIVER', message);
      }
    }
    this.timer = setInterval(() => this.emitProgress(), PROGRESS_MS);
    this.timer.unref();
  }

  /** Handles events of the workers until the queue is closed. */
  async consume(events: Queue<WorkerEvent>, heard: (progress: Progress) => void): Promise<void> {
    for await (const event of events) {
      switch (event.type) {
        case 'progress':
          this.counters.progress({ ...event, path: sourcePath(event.path) }, performance.now());
          heard(event);
          break;
        case 'opened':
          if (!this.opened.has(event.path)) this.opened.set(event.path, event.mode);
          break;
        case 'failed':
          this.failed(event.failure);
          break;
        default:
          event satisfies never;
      }
      await this.pause;
    }
  }

  async reported(report: Report): Promise<void> {
    for (const entry of report.entries) {
      this.emitEntry(entry);
      const { path, sha256 } = entry;
      if (sha256 !== undefined) {
        await this.onManifest((manifest) => {
          manifest.add(sha256, this.plan?.single?.as ?? destinationPath(path));
          return manifest.ready();
        });
      }
    }
    if (this.trace !== null) await this.traceJob(report);
    await this.pause;
  }

  /** Counts entries (except directories) and bytes that the listing found unchanged. */
  async unchanged(entries: readonly EntryResult[], files: number, bytes: number): Promise<void> {
    this.counters.countUnchanged(files, bytes);
    for (const entry of entries) this.emitEntry(entry);
    await this.pause;
  }

  private emitEntry({ path: both, type, action, bytes, sha256, replaces }: EntryResult): void {
    if (!this.config.entries) return;
    const [path, as] = [sourcePath(both), destinationPath(both)];
    this.emit({
      type: 'file',
      path,
      kind: kindOf(type),
      action,
      bytes,
      ...(sha256 === undefined ? {} : { sha256 }),
      ...(this.config.dryRun ? { dryRun: true } : {}),
      ...(replaces && { replaces }),
      ...(as === path ? {} : { as }),
    });
  }

  private async traceJob({ worker, spans = [] }: Report): Promise<void> {
    await this.onTrace((trace) => {
      trace.job(worker, spans);
      return trace.ready();
    });
  }

  /** undefined when the run is not traced. */
  get tracing(): Tracing | undefined {
    if (this.trace === null) return undefined;
    return {
      listed: (path, fromMs) => void this.onTrace((trace) => trace.listed(path, fromMs, monotonicMs())),
      waited: (fromMs) => void this.onTrace((trace) => trace.waited(fromMs, monotonicMs())),
      jobs: (jobs, workers) => void this.onTrace((trace) => trace.count(jobs, workers)),
    };
  }

  /** An entry failed. Repeated reports of a failure count once. */
  failed(failure: Failure): void {
    if (failure.side === 'source') this.deletesNothing = 'some of the source could not be read';
    this.count(failure);
  }

  private count(known: Failure): void {
    const { maxErrors } = this.config;
    const failure = { ...known, path: sourcePath(known.path) };
    if (this.seenFailures.add(failure)) return;
    this.counters.countFailure(failure);
    this.emit({ type: 'error', failure });
    if (failure.side === 'destination' && (failure.code === 'ENOSPC' || failure.code === 'EDQUOT')) {
      this.endEarly('stopped', { path: failure.path, message: 'the destination is full', code: failure.code });
    } else if (this.counters.failures.length + this.counters.moreFailures >= maxErrors) {
      const message = `stopped after ${maxErrors} failed ${maxErrors === 1 ? 'entry' : 'entries'}`;
      this.endEarly('stopped', { path: failure.path, message, code: 'EPCOPY_ERRORS' });
    }
  }

  /** Not copied for its type. With `strict` it is a failure, though not one that keeps `--delete` from deleting. */
  skipped(path: RawPath, kind: Kind): void {
    const reason = 'copied only with --archive';
    if (this.config.strict) {
      this.count({ path, side: 'source', action: 'copy', code: 'EPCOPY_TYPE', message: `is a ${kind}, ${reason}` });
      return;
    }
    this.counters.skip(kind);
    this.emit({ type: 'skip', path: sourcePath(path), kind, reason });
  }

  warn(path: RawPath, code: string, message: string): void {
    this.emit({ type: 'warn', path: sourcePath(path), code, message });
  }

  /** A possible mistake of the user, such as an empty source that may not be mounted. With `strict` it is a failure. */
  suspicious(code: 'EPCOPY_NOMATCH' | 'EPCOPY_EMPTY', message: string): void {
    if (this.config.strict && code === 'EPCOPY_EMPTY') this.deletesNothing ??= message;
    if (this.config.strict) this.count({ path: '', side: 'source', action: 'select', code, message });
    else this.warn('', code, message);
  }

  listed(): void {
    this.emit({ type: 'scan', found: { ...this.counters.known() } });
  }

  interrupt(): void {
    this.isInterrupted();
    this.endEarly('interrupted', { path: '', message: 'interrupted', code: 'EINTR' });
  }

  /** No worker is left. */
  stopped(error: Error): void {
    this.endEarly('stopped', { path: '', message: error.message, code: 'EPCOPY_WORKERS' });
  }

  /** An unexpected error: the run ends cleanly, and then `end` throws it. */
  broken(error: unknown): void {
    if (!this.ended) this.unforeseen = error;
    this.endEarly('stopped', { path: '', message: String(error), code: 'EPCOPY_INTERNAL' });
  }

  refuse(error: RefusedError): Promise<Summary> {
    this.outcome = 'refused';
    this.reason = { path: error.path, message: error.message, code: error.code };
    return this.end();
  }

  /** Completes the files written beside the copy, except the manifest of an interrupted run. */
  async finishOutputs(): Promise<void> {
    if (this.outcome !== 'interrupted') await this.onManifest((manifest) => manifest.finish());
    await this.onTrace((trace) => trace.finish());
  }

  async end(): Promise<Summary> {
    clearInterval(this.timer);
    this.manifest?.drop();
    this.trace?.drop();
    if (!this.ended) this.counters.completeTotals();
    const summary = this.summary();
    if (this.plan !== null) {
      this.counters.endWork();
      this.meter.observe(this.counters.snapshot(performance.now()));
      this.meter.finish(summary);
      this.emitReading();
    }
    this.emit({ type: 'end', summary });
    await Promise.race([this.pause, this.interrupted]);
    // A run that ended early does not wait, but handles a promise that is already rejected.
    if (this.ended) await new Promise(setImmediate);
    if (this.unforeseen !== null) throw this.unforeseen;
    return summary;
  }

  private summary(): Summary {
    const { counters, plan } = this;
    const now = performance.now();
    const elapsedMs = counters.elapsedMs(now);
    return {
      outcome: this.outcome ?? (this.isComplete() ? 'complete' : 'incomplete'),
      dryRun: this.config.dryRun,
      source: plan?.source.path ?? '',
      destination: plan?.destination.path ?? '',
      merged: plan !== null && isMerged(plan),
      totals: { ...counters.totals },
      elapsedMs,
      notPreserved: counters.lost,
      skips: counters.skips,
      failures: counters.failures,
      moreFailures: counters.moreFailures,
      load: this.load(now, elapsedMs),
      driver: this.driver,
      ...(counters.machines.isEmpty ? {} : { machines: counters.machines.entries() }),
      ...(this.reason === undefined ? {} : { reason: { ...this.reason, message: this.reasonMessage(this.reason) } }),
    };
  }

  /** Jobs that workers have when the limit of failures is reached are finished, and may fail in more entries. */
  private reasonMessage({ message, code }: { message: string; code: string }): string {
    const more = this.counters.totals.failed - this.config.maxErrors;
    return code === 'EPCOPY_ERRORS' && more > 0 ? `${message}; ${more} more failed in work that had begun` : message;
  }

  private load(now: number, elapsedMs: number): Load {
    const { jobs, mostJobs } = this.config;
    const { current = jobs, highest = jobs } = this.workers ?? {};
    return {
      ...this.counters.load(now),
      stalled: this.meter.stalledMs(elapsedMs) / Math.max(elapsedMs, 1),
      ...(mostJobs > jobs && { auto: { first: jobs, last: current, most: highest } }),
    };
  }

  private async onManifest(step: (manifest: Manifest) => void | Promise<void>): Promise<void> {
    if (this.manifest !== null) await this.wrote('manifest', this.manifest, step);
  }

  private async onTrace(step: (trace: Trace) => void | Promise<void>): Promise<void> {
    if (this.trace !== null) await this.wrote('trace', this.trace, step);
  }

  // A write error is one failure of the run; the copy continues.
  private async wrote<T extends TextOutput>(
    what: 'manifest' | 'trace',
    output: T,
    step: (output: T) => void | Promise<void>,
  ): Promise<void> {
    try {
      const pause = step(output);
      if (pause !== undefined) await Promise.race([pause, this.interrupted]);
    } catch (error) {
      if (this[what] === null) return;
      this[what] = null;
      output.drop();
      const { code, message } = wordsOf(error);
      // Not through `failed`: the disk of the manifest may be full and that of the copy not.
      const why = `${this.config[what]}: ${message}`;
      const failure: Failure = { path: '', action: `write the ${what}`, code, message: why, side: 'destination' };
      this.counters.countFailure(failure);
      this.emit({ type: 'error', failure });
    }
  }

  private isComplete(): boolean {
    const { totals, lost } = this.counters;
    return totals.failed === 0 && !(this.config.strict && Object.keys(lost).length > 0);
  }

  // An exception or rejection of the listener ends the run cleanly and is thrown at the end.
  private emit(event: CopyEvent): void {
    try {
      const taken = this.onEvent(event);
      if (taken === undefined) return;
      const before = this.pause;
      const both = Promise.all([before, taken]).then(
        () => {},
        (error: unknown) => this.listenerFailed(error),
      );
      this.pause = Promise.race([both, this.over]);
    } catch (error) {
      this.listenerFailed(error);
    }
  }

  private listenerFailed(error: unknown): void {
    this.unforeseen ??= error;
    this.broken(error);
  }

  private endEarly(outcome: Outcome, reason: Summary['reason']): void {
    if (this.ended) return;
    this.outcome = outcome;
    this.reason = reason;
    this.isOver();
    this.stop();
  }

  private emitProgress(): void {
    this.meter.observe(this.counters.snapshot(performance.now()));
    this.emitReading();
  }

  private emitReading(): void {
    this.emit({ type: 'progress', snapshot: this.meter.snapshot, reading: this.meter.reading() });
  }
}

// Putting a single file into an existing directory is not a merge.
function isMerged(plan: Plan): boolean {
  return plan.single === null && plan.merged;
}

function wordsOf(error: unknown): { code: string; message: string } {
  if (error instanceof CopyError) return error.failure;
  const known = fromNode(error);
  return {
    code: codeOf(known) || 'EPCOPY_MANIFEST',
    message: types.isNativeError(known) ? known.message : String(known),
  };
}
