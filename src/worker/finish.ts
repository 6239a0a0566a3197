import { type RawPath, splitPath } from '../api/names.ts';
import { isUnfinished, statAtSource } from '../fs/directories.ts';
import { attempt, entryError } from '../fs/entry-error.ts';
import { type Handle, NOT_OPEN, type Stat } from '../fs/file-system.ts';
import { orNull } from '../fs/system-error.ts';
import type { FinishJob, ListedAs } from '../protocol/jobs.ts';
import { sameTime } from '../protocol/same.ts';
import { hasSameRights, type Pair } from './bring-up-to-date.ts';
import { type Context, syncIfAsked, withRetries } from './context.ts';
import { fail } from './failures.ts';
import { lookInto } from './into.ts';
import { copyMetadata } from './metadata.ts';
import { setAndCheckTimes } from './times.ts';

/** Gives complete directories their source's times and, if the run made them, its mode. */
export function finishDirectories(context: Context, job: FinishJob): void {
  for (const [index, path] of [...job.made, ...job.kept].entries()) {
    const directory = { path, made: index < job.made.length, listedAs: job.listedAs[index] ?? null };
    finishOne(context, path, () => finish(context, directory, job.last));
  }
}

function finishOne(context: Context, path: RawPath, step: () => void): void {
  try {
    withRetries(context, step);
  } catch (error) {
    fail(context, error, path);
  }
  context.heartbeat.endEntry(path);
}

interface Directory {
  path: RawPath;
  made: boolean;
  listedAs: ListedAs | null;
}

function finish(context: Context, { path, made, listedAs }: Directory, last: boolean): void {
  const { config } = context;
  const whole = made || config.archive;
  // Otherwise only its state is asked for.
  const source = config.archive ? attempt(path, 'source', 'open', () => context.source.open(path)) : NOT_OPEN;
  const stat = attempt(path, 'source', 'stat', () => statSource(context, path, source));
  // Its mode could let others see what lay in the one that was listed.
  if (listedAs !== null && isAnother(stat, listedAs))
    throw entryError(path, 'source', 'stat', 'EPCOPY_CHANGED', 'was replaced while it was copied');
  if (whole && !last && locksOut(stat)) {
    context.report.locking.push(path);
    return;
  }
  context.heartbeat.guard();
  const destination = attempt(path, 'destination', 'open', () => context.destination.open(path));
  const isSame = !made && config.update && isUpToDate(context, { source, stat, destination });
  if (isSame || (made && isSomebodyElses(context, stat, destination))) {
    // Left alone, so that a run without changes changes nothing.
  } else if (whole) {
    // A directory that inherited an ACL has a default ACL too.
    const hasAttributes = config.archive || lookInto(context, destination).inheritsAcl();
    copyMetadata(context, path, { source, stat, destination, guarded: made, hasAttributes });
  } else attempt(path, 'destination', 'set times', () => setTimes(context, destination, stat));
  syncIfAsked(context, path, destination);
}

// Times of both drivers may differ by a rounding.
function isAnother(stat: Stat, listedAs: ListedAs): boolean {
  return stat.identity !== listedAs.identity && Math.abs(stat.changedMs - listedAs.changedMs) > 0.001;
}

// Of a run that several machines share, one may come late: what somebody has given another mode since is not ours any more.
function isSomebodyElses({ fs, config }: Context, stat: Stat, destination: Handle): boolean {
  if (config.lease === null) return false;
  const { mode } = fs.stat(destination);
  return !isUnfinished(mode) && (mode & 0o777) !== (stat.mode & 0o777);
}

function isUpToDate(context: Context, pair: Omit<Pair, 'there'>): boolean {
  const there = context.fs.stat(pair.destination);
  return sameTime(pair.stat, there) && (!context.config.archive || hasSameRights(context, { ...pair, there }));
}

// Through the open directory, if there is one: mode and ACL of two different directories would grant access that neither grants.
// Otherwise by name in its parent, which works without read permission.
function statSource(context: Context, path: RawPath, source: Handle): Stat {
  const { fs, config } = context;
  if (source !== NOT_OPEN) return fs.stat(source);
  if (path === '') return fs.stat(context.source.open(''));
  const [dir, name] = splitPath(path);
  const stat = statAtSource(fs, config.dereference, context.source.open(dir), name);
  if (stat?.type === 'd') return stat;
  throw entryError(path, 'source', 'stat', 'EPCOPY_CHANGED', 'is no longer a directory');
}

// An existing directory may belong to someone else; then its times cannot be set.
function setTimes(context: Context, destination: Handle, stat: Stat): void {
  orNull(() => setAndCheckTimes(context, destination, stat), 'EPERM', 'EACCES');
}

// The superuser always has access.
function locksOut(stat: Stat): boolean {
  return (stat.mode & 0o700) !== 0o700 && process.geteuid?.() !== 0;
}
