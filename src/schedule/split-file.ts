import type { Failure } from '../api/errors.ts';
import type { RawPath } from '../api/names.ts';
import type { DeferredEntry } from '../protocol/entries-job.ts';
import type { DiscardJob, Job, PublishJob, RangeJob, Split, SplitJob } from '../protocol/jobs.ts';
import type { Report } from '../protocol/report.ts';
import type { Counters } from '../report/counters.ts';
import type { LockedSplit } from '../report/split-lock.ts';
import { LostJob, lossFailure } from './executor.ts';

/** Bytes of one piece: large enough for its message not to matter, small enough for all workers to end together. */
const PIECE = 32 * 1024 * 1024;
/** The largest number of pieces: more do not help, and a hole may have any size. */
const MOST_PIECES = 1024;

/**
 * Copies one big file with all idle workers: creates a temporary file, copies pieces in any order, then sets the name.
 * @param live holds, while the split lives, the job that discards it, by its temporary name
 * @param lock prevents other runs from treating the temporary file as stale, until it is released
 * @returns null when it is at the destination (or the run was stopped), else the failure; nothing is left behind
 */
export async function copyInPieces(
  entry: DeferredEntry,
  run: (job: Job) => Promise<Report | null>,
  counters: Counters,
  live: Map<RawPath, Job>,
  lock: (path: RawPath, split: Split) => LockedSplit,
): Promise<Failure | null> {
  const { path } = entry;
  const step = (job: Parameters<typeof runStep>[0]): Promise<Step> => runStep(job, run, counters);
  const begun = await step({ kind: 'split', path, deferredAs: entry.identity });
  const made = begun.report?.split ?? null;
  if (begun.report === null || (begun.failure !== null && made === null)) return begun.failure;
  if (made === null) {
    counters.countUnreported(1, entry.size); // Its blocks are shared; that was all.
    return null;
  }
  const { split, release } = lock(path, made);
  try {
    const discard: DiscardJob = { kind: 'discard', path, split };
    live.set(split.temporary, discard);
    let failure = begun.failure ?? (await copyPieces(path, split, step));
    let published = false;
    if (failure === null) {
      const last = await step({ kind: 'publish', path, split });
      failure = last.failure;
      published = failure === null && last.report !== null;
    }
    if (published) counters.countUnreported(1, 0);
    else await step(discard);
    live.delete(split.temporary);
    return failure;
  } finally {
    release();
  }
}

async function copyPieces(
  path: RawPath,
  split: Split,
  step: (job: RangeJob) => Promise<Step>,
): Promise<Failure | null> {
  const pieces: Promise<Step>[] = [];
  const length = PIECE * Math.ceil(split.size / (PIECE * MOST_PIECES));
  for (let start = 0; start < split.size; start += length) {
    const end = Math.min(start + length, split.size);
    const part = { number: start / length + 1, of: Math.ceil(split.size / length) };
    pieces.push(step({ kind: 'range', path, split, start, end, part }));
  }
  const steps = await Promise.all(pieces);
  return steps.find(({ failure }) => failure !== null)?.failure ?? null;
}

/** The result of a job; its report is null when the run was stopped, or the worker died. */
interface Step {
  report: Report | null;
  failure: Failure | null;
}

async function runStep(
  job: SplitJob | RangeJob | PublishJob | DiscardJob,
  run: (job: Job) => Promise<Report | null>,
  counters: Counters,
): Promise<Step> {
  try {
    const report = await run(job);
    if (report !== null) counters.record(report, 0, job.kind === 'range' ? job.end - job.start : 0, true);
    return { report, failure: report?.failure ?? null };
  } catch (error) {
    if (!(error instanceof LostJob)) throw error;
    return { report: null, failure: lossFailure(job.path, error) };
  }
}
