import { checkCall } from '../api/check-call.ts';
import { type Config, resolveConfig } from '../api/config.ts';
import { CopyError, RefusedError } from '../api/errors.ts';
import type { CopyEvent, Summary } from '../api/events.ts';
import type { CopyOptions } from '../api/options.ts';
import type { Broker } from '../broker/broker.ts';
import { affordableWorkers, openRoot } from '../fs/directories.ts';
import { openFileSystem } from '../fs/driver.ts';
import type { FileSystem } from '../fs/file-system.ts';
import { Retries } from '../fs/retry.ts';
import { codeOf } from '../fs/system-error.ts';
import { mayBlockOnTheWay } from '../plan/mounts.ts';
import { absolute, asTyped } from '../plan/paths.ts';
import { preflight } from '../plan/preflight.ts';
import { type Plan, prepare } from '../plan/prepare.ts';
import type { PrestartedWorker } from '../process/prestart.ts';
import { Queue } from '../process/queue.ts';
import '../process/queue-core.ts';
import type { WorkerEvent } from '../protocol/report.ts';
import { removeTemporaries } from '../report/clean-up.ts';
import { RunReporter } from '../report/reporter.ts';
import { restoreModes } from '../report/restore-modes.ts';
import { lockSplit } from '../report/split-lock.ts';
import type { ExtraEntries } from '../scan/extra-entries.ts';
import { type Patterns, patternsFor } from '../scan/selection.ts';
import { SourceTree } from '../scan/source-tree.ts';
import { unlessCancelled } from '../scan/turns.ts';
import type { Unmatched } from '../scan/unmatched.ts';
import { type ExecutorFactory, NoWorkers } from '../schedule/executor.ts';
import { HardLinks } from '../schedule/hard-links.ts';
import { localExecutor } from '../schedule/local-executor.ts';
import type { RateFile } from '../schedule/rate-file.ts';
import { Scheduler, type SchedulerListener } from '../schedule/scheduler.ts';
import { WorkerLimit } from '../schedule/worker-limit.ts';
import { workerConfig } from './worker-config.ts';

export interface CopyHooks {
  /**
   * Called for every event, in this process. An exception ends the run; a returned promise makes the run wait, for a reader
   * that is slower than the copy.
   */
  onEvent?: (event: CopyEvent) => void | Promise<void>;
  /**
   * Ends the run: current files are aborted, temporary files removed, and the promise resolves to a summary with the outcome
   * `interrupted`. If it is aborted before the call, nothing is written. The signal's `reason` is not thrown; call
   * `signal.throwIfAborted()` afterwards for that.
   */
  signal?: AbortSignal;
  /** @internal Workers forked ahead of the call (see `main.ts`); they end with this process. */
  early?: readonly PrestartedWorker[];
  /** @internal What runs the jobs. */
  executor?: ExecutorFactory;
  /** @internal Names in messages of patterns from files. */
  origins?: ReadonlyMap<string, string>;
}

/** A path as given by the caller. */
type Typed = string | Uint8Array;

/**
 * Copies a directory's contents into another directory, or one file; a list of sources is copied into the destination under
 * their own names. Resolves to the summary however the run ended, see `summary.outcome`. Rejects with UsageError for invalid
 * arguments, before anything is changed, and with unexpected errors.
 *
 *   list the source --jobs--> schedule --> executor (pool of workers) --events queue--> reporter (counters, events)
 */
export async function copyTree(
  source: Typed | readonly Typed[],
  destination: Typed,
  options: CopyOptions = {},
  hooks: CopyHooks = {},
): Promise<Summary> {
  checkCall(source, destination, options, hooks);
  const config = withinDescriptors(resolveConfig(options), options);
  const patterns = await patternsFor(config, hooks.origins);
  const fs = await openFileSystem();
  const reporter = new RunReporter(config, fs.name, hooks.onEvent ?? (() => {}));
  if (hooks.signal?.aborted) return notBegun(reporter);
  const copy = (executor: ExecutorFactory): Promise<Summary> =>
    prepareAndCopy({ fs, config, patterns, reporter, hooks, executor }, source, destination);
  if (config.broker !== null) return withBroker(config.broker, config, reporter, copy);
  const executor = hooks.executor ?? localExecutor;
  return config.bwlimit > 0 ? withRate(config, reporter, executor, copy) : copy(executor);
}

// A number of workers that was asked for stays.
function withinDescriptors(config: Config, { jobs = 'auto' }: CopyOptions): Config {
  if (jobs !== 'auto') return config;
  const most = affordableWorkers();
  return { ...config, jobs: Math.min(config.jobs, most), mostJobs: Math.min(config.mostJobs, most) };
}

// Loaded only by who asks for it.
async function withBroker(
  url: string,
  { bwlimit }: Config,
  reporter: RunReporter,
  copy: (executor: ExecutorFactory) => Promise<Summary>,
): Promise<Summary> {
  const { connectBroker } = await import('../broker/broker.ts');
  let broker: Broker;
  try {
    const warn = (message: string): void => reporter.warn('', 'EPCOPY_HELPER', message);
    broker = await connectBroker({ url, warn, bytesPerSecond: bwlimit > 0 ? bwlimit : null });
  } catch (error) {
    return refused(reporter, error, []);
  }
  try {
    return await copy((setup) => broker.executor(setup));
  } finally {
    broker.close();
  }
}

async function withRate(
  { bwlimit }: Config,
  reporter: RunReporter,
  executor: ExecutorFactory,
  copy: (executor: ExecutorFactory) => Promise<Summary>,
): Promise<Summary> {
  const { RateFile } = await import('../schedule/rate-file.ts');
  let rate: RateFile;
  try {
    rate = new RateFile(bwlimit);
  } catch (error) {
    return refused(reporter, error, []);
  }
  try {
    return await copy(({ config, ...setup }) => executor({ ...setup, config: { ...config, rate: rate.limit } }));
  } finally {
    rate.close();
  }
}

async function prepareAndCopy(run: Run, source: Typed | readonly Typed[], destination: Typed): Promise<Summary> {
  const { fs, config, patterns, reporter, hooks } = run;
  const sources = isList(source) ? source : [source];
  let plans: Plan[];
  try {
    if (config.partial && fs.xattrs === null) throw cannotKeep();
    // Not otherwise: the first call in a thread starts all of them, a tenth of the time that ten files take.
    const typed = [...sources, destination].map((path) => absolute(path, config));
    if (mayBlockOnTheWay(typed)) {
      const answers = typed.map((path) => fs.reach(path));
      await unlessCancelled(Promise.all(answers), () => hooks.signal?.aborted === true);
    }
    const retries = new Retries(fs, config.retries, []);
    const prepareAll = await preparationOf(run, source, destination);
    plans = await retries.run(prepareAll, () => hooks.signal?.aborted === true);
  } catch (error) {
    if (hooks.signal?.aborted) return notBegun(reporter);
    return refused(reporter, error, [...sources, destination]);
  }
  const trees: SourceTree[] = [];
  const undoAll = (): void => {
    for (const tree of trees) tree.close();
    for (const plan of plans.reverse()) plan.undo();
  };
  const halt = (): void => {
    for (const tree of trees) tree.stop();
  };
  hooks.signal?.addEventListener('abort', halt);
  try {
    for (const plan of plans) trees.push(new SourceTree(fs, plan, config, patterns));
    // The signal may have come while the plans were made.
    if (hooks.signal?.aborted) halt();
    await preflight(fs, plans, trees, config);
    if (hooks.signal?.aborted) {
      undoAll();
      return notBegun(reporter);
    }
    const [first] = plans;
    if (first !== undefined) await reporter.openOutputs(fs, first);
  } catch (error) {
    undoAll();
    return refused(reporter, error, [...sources, destination]);
  } finally {
    hooks.signal?.removeEventListener('abort', halt);
  }
  return copyPlanned(run, plans, trees);
}

async function preparationOf(
  { fs, config, patterns }: Pick<Run, 'fs' | 'config' | 'patterns'>,
  source: Typed | readonly Typed[],
  destination: Typed,
): Promise<() => Plan[]> {
  if (isList(source)) {
    const { prepareSeveral } = await import('../plan/several.ts');
    return () => prepareSeveral(fs, source, destination, config);
  }
  let leftOut = false;
  if (!patterns.all) {
    const { isDestinationExcluded } = await import('../scan/destination-excluded.ts');
    leftOut = await isDestinationExcluded(source, destination, patterns, config);
  }
  return () => [prepare(fs, source, destination, config, leftOut)];
}

/** Shared by all parts of a run. */
interface Run {
  fs: FileSystem;
  config: Config;
  patterns: Patterns;
  reporter: RunReporter;
  hooks: CopyHooks;
  executor: ExecutorFactory;
}

async function copyPlanned(run: Run, plans: readonly Plan[], trees: readonly SourceTree[]): Promise<Summary> {
  const { fs, config, patterns, reporter, hooks } = run;
  const interrupt = (): void => reporter.interrupt();
  hooks.signal?.addEventListener('abort', interrupt);
  const unmatched = patterns.all ? null : new (await import('../scan/unmatched.ts')).Unmatched(patterns.uses);
  const links = new HardLinks();
  const [first] = plans;
  const limit = new WorkerLimit(config.jobs, config.mostJobs);
  reporter.setWorkerLimit(limit);
  for (const [index, plan] of plans.entries()) {
    const tree = trees[index];
    if (tree === undefined) continue;
    if (index === 0 || !reporter.ended) {
      reporter.counters.beginListing(index < plans.length - 1);
      await copyPart(run, plan, tree, { unmatched, links, limit, early: index === 0 ? hooks.early : undefined });
    }
    tree.close();
  }
  // With `archive` finished directories have their source's modes already, except one that several sources share.
  const shared = first?.names === null ? undefined : reporter.opened.get('');
  if (config.archive && !reporter.ended) reporter.opened.clear();
  if (shared !== undefined) reporter.opened.set('', shared);
  if (first !== undefined) {
    restoreModes(fs, first.destination, reporter.opened, (path, error) =>
      reporter.warn(path, codeOf(error), 'was closed to its owner, and could not be closed again'),
    );
  }
  await reporter.finishOutputs();
  return reporter.end().finally(() => hooks.signal?.removeEventListener('abort', interrupt));
}

/** State that passes from one part of a run to the next. */
interface Common {
  unmatched: Unmatched | null;
  links: HardLinks;
  limit: WorkerLimit;
  early: readonly PrestartedWorker[] | undefined;
}

async function copyPart(run: Run, plan: Plan, tree: SourceTree, common: Common): Promise<void> {
  const { fs, config, patterns, reporter, hooks } = run;
  // At most one progress message per worker in 50 ms; failures of a batch come at once.
  const events = new Queue<WorkerEvent>(64 * Math.max(config.mostJobs, 1));
  const setup = workerConfig(fs, plan, config);
  const executor = run.executor({ limit: common.limit, config: setup, events, early: common.early ?? [], fs });
  const listener: SchedulerListener = {
    failed: (failure) => reporter.failed(failure),
    reported: (report) => reporter.reported(report),
    broken: () => tree.stop(),
    jobs: reporter.tracing?.jobs,
    splitBegun: (path, split) => lockSplit(fs, setup, path, split),
  };
  const { dryRun, filesFrom, retryFrom } = config;
  const deletes = config.delete && plan.merged && plan.single === null;
  const finishesEarly = !dryRun && !deletes && plan.single === null && filesFrom === null && retryFrom === null;
  const isInOrder = (): boolean => finishesEarly && tree.isInOrder;
  const scheduler = new Scheduler(executor, reporter.counters, listener, common.links, isInOrder);
  reporter.start(plan, () => {
    scheduler.stop();
    tree.stop();
  });
  const telling = reporter.consume(events, (progress) => scheduler.heard(progress));
  const interrupt = (): void => {
    reporter.interrupt();
    void executor.terminate();
  };
  hooks.signal?.addEventListener('abort', interrupt);
  if (hooks.signal?.aborted) interrupt(); // In a listener of the start event.
  const expect = (jobs: number): void => executor.expect?.(jobs);
  const deletion = { fs, plan, config, patterns, reporter, latency: tree.latency, expect };
  let extra: ExtraEntries | undefined;
  try {
    if (plan.madeRoot) scheduler.made.add('');
    if (plan.closedMode !== null) reporter.opened.set('', plan.closedMode);
    const deletions = deletes ? await import('../scan/find-deletions.ts') : null;
    if (deletions !== null) extra = new deletions.ExtraEntries(deletion);
    await tree.list((job) => scheduler.copy(job), reporter, common.unmatched, extra);
    await scheduler.idle();
    if (deletions !== null && extra !== undefined) {
      await allTold(events);
      const { contents, jobs: removals } = await deletions.findDeletions(deletion, extra);
      // A dry run removes nothing, and would count them twice.
      if (!dryRun) await scheduler.remove(contents);
      await scheduler.remove(removals);
      const shrunk = new Set(removals.map(({ dir }) => dir));
      // Removals change the directory's time.
      for (const { dir } of extra.found) if (dir !== '' && shrunk.has(dir)) scheduler.kept.add(dir);
      if (shrunk.has('')) tree.leavesTop = false;
      if (!reporter.ended) for (const job of extra.replacements.take(removals, reporter)) await scheduler.copy(job);
      await scheduler.idle();
    }
    if (!plan.madeRoot && plan.single === null && plan.names === null && !tree.leavesTop) scheduler.kept.add('');
    if (!config.dryRun && !reporter.ended && plan.single === null) await scheduler.finish();
    if (!config.dryRun && !reporter.ended) checkDestination(fs, plan, reporter);
  } catch (error) {
    if (!(error instanceof NoWorkers)) reporter.broken(error);
    else reporter.stopped(error);
  } finally {
    // All reports are in, so workers need not exit by themselves.
    await executor.terminate();
    if (reporter.ended) removeTemporaries(fs, setup, [...scheduler.inFlight, ...scheduler.splits.values()], null);
    await events.close();
    await telling;
    extra?.close();
    tree.stop();
    hooks.signal?.removeEventListener('abort', interrupt);
  }
}

// Workers hold it, so what was moved away meanwhile is complete, but not where it was asked for.
function checkDestination(fs: FileSystem, { destination }: Plan, reporter: RunReporter): void {
  try {
    fs.close(openRoot(fs, destination, 'destination', 'holdRoot'));
  } catch (error) {
    if (!(error instanceof CopyError)) throw error;
    reporter.failed(error.failure);
  }
}

function cannotKeep(): RefusedError {
  return new RefusedError('', 'the node driver cannot keep interrupted files (--partial)', 'EPCOPY_DRIVER');
}

function isList(source: Typed | readonly Typed[]): source is readonly Typed[] {
  return Array.isArray(source);
}

// The reader of the events may lag behind the reports: all failures must be known before anything is removed.
async function allTold(events: Queue<WorkerEvent>): Promise<void> {
  do await new Promise(setImmediate);
  while (!(await events.empty()));
}

function notBegun(reporter: RunReporter): Promise<Summary> {
  reporter.interrupt();
  return reporter.end();
}

function refused(reporter: RunReporter, error: unknown, typed: readonly (string | Uint8Array)[]): Promise<Summary> {
  if (!(error instanceof RefusedError)) throw error;
  return reporter.refuse(asTyped(error, typed, reporter.config));
}
