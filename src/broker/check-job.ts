// Whoever can write to the broker can write jobs too, so their shape is checked. A valid job names nothing outside the two
// directories of its run.
import { parseTemporaryName, runOf } from '../fs/temporary-name.ts';
import type { Job } from '../protocol/jobs.ts';
import type { WorkerConfig } from '../protocol/worker-config.ts';
import {
  type Check,
  isCount,
  isFlag,
  isHash,
  isIdentity,
  isNames,
  isPath,
  isSplit,
  isTypes,
  listOf,
  optional,
  shape,
} from './shapes.ts';

const isKind =
  (kind: Job['kind']): Check =>
  (value) =>
    value === kind;
const isGroup = shape({ dir: isPath, names: isNames, types: isTypes, sweeps: optional(isFlag) });
const isLinkGroup = shape({
  target: isPath,
  targetIdentity: isIdentity,
  sha256: optional(isHash),
  deferredAs: isIdentity,
  paths: listOf(isPath),
});
const isListedAs = shape({ identity: isIdentity, changedMs: Number.isFinite as Check });
const JOBS: Readonly<Record<Job['kind'], Check>> = {
  entries: shape({ kind: isKind('entries'), groups: listOf(isGroup), deferredAs: optional(listOf(isIdentity)) }),
  links: shape({ kind: isKind('links'), groups: listOf(isLinkGroup) }),
  split: shape({ kind: isKind('split'), path: isPath, deferredAs: isIdentity }),
  range: shape({
    kind: isKind('range'),
    path: isPath,
    split: isSplit,
    start: isCount,
    end: isCount,
    part: shape({ number: isCount, of: isCount }),
  }),
  publish: shape({ kind: isKind('publish'), path: isPath, split: isSplit }),
  discard: shape({ kind: isKind('discard'), path: isPath, split: isSplit }),
  finish: shape({
    kind: isKind('finish'),
    made: listOf(isPath),
    kept: listOf(isPath),
    last: isFlag,
    listedAs: listOf((value) => value === null || isListedAs(value)),
  }),
  delete: shape({ kind: isKind('delete'), dir: isPath, inside: optional(isPath), names: isNames, types: isTypes }),
};

/** @throws Error that describes the problem */
export function checkJob(job: unknown, config: WorkerConfig): Job {
  const kind = typeof job === 'object' && job !== null ? String(Reflect.get(job, 'kind')) : '';
  if (!Object.hasOwn(JOBS, kind)) throw new Error('its kind is not known');
  if (!JOBS[kind as Job['kind']](job)) throw new Error(`a job '${kind}' of another shape`);
  const known = job as Job;
  if (!isConsistent(known, config)) throw new Error(`a job '${kind}' that does not fit its run`);
  return known;
}

function isConsistent(job: Job, config: WorkerConfig): boolean {
  switch (job.kind) {
    case 'entries':
      return job.groups.every(({ names, types }) => names.split('/').length === types.length);
    case 'delete':
      return job.names.split('/').length === job.types.length;
    case 'range':
    case 'publish':
    case 'discard':
      // Only temporary files of this very run may be written to, published or removed.
      return job.path !== '' && isOfRun(job.split.temporary, config);
    case 'split':
      return job.path !== '';
    case 'links':
    case 'finish':
      return true;
    default:
      return job satisfies never;
  }
}

function isOfRun(name: string, config: WorkerConfig): boolean {
  const made = parseTemporaryName(name);
  return made !== null && runOf(made.mark) === runOf(config.runMark);
}
