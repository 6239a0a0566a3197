import { checkCall } from '../api/check-call.ts';
import { type Config, resolveConfig } from '../api/config.ts';
import { RefusedError } from '../api/errors.ts';
import type { CopyEvent, Summary } from '../api/events.ts';
import type { CopyOptions } from '../api/options.ts';
import { openFileSystem } from '../fs/driver.ts';
import type { FileSystem } from '../fs/file-system.ts';
import { Retries } from '../fs/retry.ts';
import { codeOf } from '../fs/system-error.ts';
import { asTyped } from '../plan/paths.ts';
import { preflight } from '../plan/preflight.ts';
import { type Plan, prepare } from '../plan/prepare.ts';
import { type PrestartedWorker, Queue } from '../process/index.ts';
import type { Listed } from '../protocol/entries-job.ts';
import type { WorkerEvent } from '../protocol/report.ts';
import { removeTemporaries } from '../report/clean-up.ts';
import { Reporter } from '../report/reporter.ts';
import { restoreModes } from '../report/restore-modes.ts';
import { lockSplit } from '../report/split-lock.ts';
import { ExtraEntries } from '../scan/extra-entries.ts';
import { findDeletions } from '../scan/find-deletions.ts';
import { type Patterns, patternsFor } from '../scan/selection.ts';
import { SourceTree } from '../scan/source-tree.ts';
import { NoWorkers } from '../schedule/executor.ts';
import { localExecutor } from '../schedule/local-executor.ts';
import { RateFile } from '../schedule/rate-file.ts';
import { Scheduler } from '../schedule/scheduler.ts';
import { workerConfig } from './worker-config.ts';

export interface CopyHooks {
  /**
   * Called for everything that happens, in this process. What it throws ends the run; a promise makes the run wait, for a
   * reader that is slower than the copy.
   */
  onEvent?: (event: CopyEvent) => void | Promise<void>;
  /**
   * Ends the run: files in hand are given up, temporary files removed, and the promise resolves to a summary that says
   * `interrupted`. Aborted before the call, nothing is written. The signal's `reason` is the caller's own: it is neither
   * thrown nor told; for that, call `signal.throwIfAborted()` afterwards.
   */
  signal?: AbortSignal;
  /** @internal Workers forked ahead of the call (see `startWorkerEarly`). */
  early?: readonly PrestartedWorker[];
}

/**
 * Copies a directory's contents into another directory, or one file. Resolves to the summary however the run ended:
 * `summary.outcome` tells. Rejects with UsageError, before anything is touched, for arguments that cannot be meant, and with
 * what is not foreseen.
 *
 *   list the source --jobs queue--> schedule --> executor (pool of workers) --events queue--> reporter (counters, events)
 */
export async function copyTree(
  source: string | Uint8Array,
  destination: string | Uint8Array,
  options: CopyOptions = {},
  hooks: CopyHooks = {},
): Promise<Summary> {
  checkCall(source, destination, options, hooks);
  const config = resolveConfig(options);
  const patterns = await patternsFor(config);
  const fs = await openFileSystem();
  const reporter = new Reporter(config, fs.name, hooks.onEvent ?? (() => {}));
  if (hooks.signal?.aborted) return notBegun(reporter, hooks);
  let plan: Plan;
  try {
    const retries = new Retries(fs, config.retries, []);
    plan = await retries.run(
      () => prepare(fs, source, destination, config),
      () => hooks.signal?.aborted === true,
    );
  } catch (error) {
    if (hooks.signal?.aborted) return notBegun(reporter, hooks);
    return refused(reporter, hooks, error, [source, destination]);
  }
  let tree: SourceTree | undefined;
  let rate: RateFile | null = null;
  const halt = (): void => tree?.stop();
  hooks.signal?.addEventListener('abort', halt);
  try {
    tree = new SourceTree(fs, plan, config, patterns);
    await preflight(fs, plan, tree, config);
    if (hooks.signal?.aborted) {
      tree.close();
      plan.undo();
      return notBegun(reporter, hooks);
    }
    if (config.bwlimit > 0) rate = new RateFile(config.bwlimit);
    reporter.openManifest(fs, plan);
  } catch (error) {
    rate?.close();
    tree?.close();
    plan.undo();
    return refused(reporter, hooks, error, [source, destination]);
  } finally {
    hooks.signal?.removeEventListener('abort', halt);
  }
  return copyPlanned(fs, plan, tree, config, patterns, rate, reporter, hooks);
}

async function copyPlanned(
  fs: FileSystem,
  plan: Plan,
  tree: SourceTree,
  config: Config,
  patterns: Patterns,
  rate: RateFile | null,
  reporter: Reporter,
  hooks: CopyHooks,
): Promise<Summary> {
  // Each worker can have a job in hand, one ahead, and one more must be ready when it takes that.
  const jobs = new Queue<Listed>(2 * config.jobs);
  // Progress is at most one message per worker in 50 ms; failures of a batch come in one go.
  const events = new Queue<WorkerEvent>(64 * config.jobs);
  const setup = workerConfig(fs, plan, config, rate?.limit ?? null);
  const executor = localExecutor(config.jobs, setup, events, hooks.early ?? []);
  const scheduler = new Scheduler(executor, reporter.counters, {
    failed: (failure) => reporter.failed(failure),
    reported: (report) => reporter.reported(report),
    lost: (job, pid) => removeTemporaries(fs, setup, [job], pid, scheduler.splits),
    broken: () => tree.stop(),
    splitBegun: (path, split) => lockSplit(fs, setup, path, split),
  });
  reporter.start(plan, () => {
    scheduler.stop();
    tree.stop();
  });
  const telling = reporter.follow(events);
  const interrupt = (): void => {
    reporter.interrupt();
    void executor.terminate();
  };
  hooks.signal?.addEventListener('abort', interrupt);
  if (hooks.signal?.aborted) interrupt(); // By a listener of the start event.
  const deletion = { fs, plan, config, patterns, reporter };
  let extra: ExtraEntries | undefined;
  try {
    if (plan.madeRoot) scheduler.made.add('');
    else if (plan.single === null) scheduler.kept.add('');
    if (plan.closedMode !== null) reporter.opened.set('', plan.closedMode);
    if (config.delete && plan.merged && plan.single === null) {
      extra = new ExtraEntries(deletion);
    }
    await Promise.all([tree.list(jobs, reporter, extra), scheduler.run(jobs)]);
    if (extra !== undefined) {
      await allTold(events);
      await scheduler.runAll(await findDeletions(deletion, extra));
    }
    if (!config.dryRun && !reporter.ended && plan.single === null) await scheduler.finish();
  } catch (error) {
    if (!(error instanceof NoWorkers)) reporter.broken(error);
    else reporter.stopped(error);
  } finally {
    // Every report is in: there is nothing that a worker's own way out would add but time.
    await executor.terminate();
    if (reporter.ended) removeTemporaries(fs, setup, [...scheduler.inFlight, ...scheduler.splits.values()], null);
    await jobs.close();
    await events.close();
    await telling;
    rate?.close();
    extra?.close();
    tree.close();
    // With `archive` those that were finished have their source's modes.
    if (!config.archive || reporter.ended) {
      restoreModes(fs, plan.destination, reporter.opened, (path, error) =>
        reporter.warn(path, codeOf(error), 'was closed to its owner, and could not be closed again'),
      );
    }
  }
  await reporter.finishManifest();
  return reporter.end().finally(() => hooks.signal?.removeEventListener('abort', interrupt));
}

// A job's report overtakes nothing, but whoever reads the events may be behind: a failure is not to come after a removal.
async function allTold(events: Queue<WorkerEvent>): Promise<void> {
  do await new Promise(setImmediate);
  while (!(await events.empty()));
}

function notBegun(reporter: Reporter, hooks: CopyHooks): Promise<Summary> {
  for (const worker of hooks.early ?? []) void worker.discard();
  reporter.interrupt();
  return reporter.end();
}

function refused(
  reporter: Reporter,
  hooks: CopyHooks,
  error: unknown,
  typed: readonly (string | Uint8Array)[],
): Promise<Summary> {
  for (const worker of hooks.early ?? []) void worker.discard();
  if (!(error instanceof RefusedError)) throw error;
  return reporter.refuse(asTyped(error, typed, reporter.config));
}
