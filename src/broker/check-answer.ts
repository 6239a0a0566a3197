// Whoever can write to the broker can write answers too, so their shape is checked.
import { isCount, isFlag, isHash, isIdentity, isPath, isSplit, isText, listOf, optional, shape } from './shapes.ts';
import type { Answer, ProgressUpdate } from './shared-run.ts';

const isTypeLetter = (value: unknown): boolean => typeof value === 'string' && /^[fdlpscbh?]$/.test(value);
const isSide = (value: unknown): boolean => value === 'source' || value === 'destination';
const isNumber = (value: unknown): boolean => typeof value === 'number' && Number.isFinite(value);
const isNull = (value: unknown): boolean => value === null;
const isCounts = (value: unknown): boolean =>
  typeof value === 'object' && value !== null && Object.values(value).every(isCount);

const MOST_JOBS = 64;
const isWorker = (value: unknown): boolean => isCount(value) && (value as number) < MOST_JOBS;
const isHelper = shape({
  name: isText,
  jobs: (value) => isCount(value) && (value as number) <= MOST_JOBS,
});
const isFailure = shape({
  path: isPath,
  action: isText,
  code: isText,
  message: isText,
  side: isSide,
  subtree: optional(isFlag),
});
const isDeferred = shape({ index: isCount, size: isCount, identity: isIdentity, nlink: isCount });
const isPart = shape({ number: isCount, of: isCount });
const isReport = shape({
  files: isCount,
  directories: isCount,
  symlinks: isCount,
  hardlinks: isCount,
  special: isCount,
  unchanged: isCount,
  failed: isCount,
  deleted: isCount,
  skipped: isCount,
  bytes: isCount,
  settledBytes: isCount,
  next: isCount,
  made: listOf(isPath),
  kept: listOf(isPath),
  hardLinked: listOf(isDeferred),
  linked: (value) => isCounts(value) && Object.keys(value as object).every(isIdentity),
  big: listOf(isDeferred),
  primaries: listOf(shape({ index: isCount, identity: isIdentity, sha256: optional(isHash) })),
  unlinkable: listOf(isPath),
  split: (value) => isNull(value) || isSplit(value),
  locking: listOf(isPath),
  failures: listOf(isFailure),
  failure: (value) => isNull(value) || isFailure(value),
  full: isFlag,
  worker: isWorker,
  lost: isCounts,
  entries: listOf(
    shape({
      path: isPath,
      type: isTypeLetter,
      action: (value) => value === 'copied' || value === 'unchanged' || value === 'deleted',
      bytes: isCount,
      as: optional(isPath),
      sha256: optional(isHash),
    }),
  ),
  busyMs: isNumber,
});
const isLoss = shape({ currentEntry: (value) => isNull(value) || isCount(value), worker: isWorker, how: isText });
const isEvent = (value: unknown): boolean =>
  shape({
    type: (type) => type === 'progress',
    worker: isWorker,
    path: isPath,
    done: isCount,
    size: isCount,
    part: optional(isPart),
    bytes: isCount,
    work: shape({ entries: isNumber, bytes: isCount, cpuMs: isNumber }),
  })(value) || shape({ type: (type) => type === 'opened', path: isPath, mode: isCount })(value);

const answers = [shape({ helper: isHelper, report: isReport }), shape({ helper: isHelper, loss: isLoss })];
const isProgressUpdate = shape({ helper: isHelper, events: listOf(isEvent) });

/** @returns null for a value that no helper sends */
export function checkAnswer(value: unknown): Answer | null {
  return answers.some((is) => is(value)) ? (value as Answer) : null;
}

export function checkProgress(value: unknown): ProgressUpdate | null {
  return isProgressUpdate(value) ? (value as ProgressUpdate) : null;
}
