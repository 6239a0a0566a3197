import { CopyError } from '../api/errors.ts';
import { destinationPath, type RawPath, splitPath } from '../api/names.ts';
import { statAtSource } from '../fs/directories.ts';
import { attempt, entryError, toFailure } from '../fs/entry-error.ts';
import type { Handle, Stat } from '../fs/file-system.ts';
import { codeOf } from '../fs/system-error.ts';
import type { LinksJob } from '../protocol/jobs.ts';
import { isLeft, isSameFile } from '../protocol/same.ts';
import { checkReplaceable, existing, LINK_REFUSALS, wouldReplace } from './atomic-write.ts';
import { type Context, destinationEntry, type Entry, lose, reportEntry, withRetries } from './context.ts';
import { fail } from './failures.ts';
import type { LinkTarget } from './hard-links.ts';
import { evenSeconds } from './policy.ts';
import { underTemporaryName } from './temporary-file.ts';

/** The destination does not support hard links, or the file has the maximum number of them. */
class Unlinkable extends Error {}

/** Gives copied files their other names. */
export function makeLinks(context: Context, job: LinksJob): void {
  for (const { target: path, targetIdentity, deferredAs, sha256, paths } of job.groups) {
    const known = sha256 === undefined ? {} : { sha256 };
    const target: LinkTarget = { path, identity: targetIdentity, checkedIn: null, ...known };
    context.hardLinks.remember(deferredAs, target);
    for (const path of paths) {
      context.report.next++;
      linkDeferred(context, target, deferredAs, path);
    }
  }
}

/**
 * Links the waiting names to their file that was copied in this job. Names that cannot be links stay deferred.
 */
export function linkWaiting(context: Context, note: (index: number) => void): void {
  const { hardLinks, report } = context;
  for (const identity of hardLinks.complete.splice(0)) {
    const target = hardLinks.target(identity);
    if (target === undefined) continue;
    for (const name of hardLinks.takeWaiting(identity)) {
      note(name.index);
      if (!linkDeferred(context, target, identity, name.path)) hardLinks.defer(name);
      else report.settledBytes += name.size;
    }
    hardLinks.forget(identity);
  }
}

/**
 * Links a name of a hard-linked file to a known copy, or defers it.
 * @returns false when it has to be copied now
 */
export function defersHardLink(context: Context, entry: Entry, stat: Stat): boolean {
  const { report, hardLinks } = context;
  const { path, type, deferredAs } = entry;
  const { nlink } = stat;
  if (deferredAs !== null) {
    // The other names will be linked to this one.
    if (stat.identity === deferredAs) return false;
    throw entryError(path, 'source', 'open', 'EPCOPY_CHANGED', 'was replaced while it waited to be copied');
  }
  hardLinks.areLikely = nlink > 1;
  if (nlink <= 1) return false;
  const { identity } = stat;
  const size = type === 'f' ? stat.size : 0;
  const target = hardLinks.target(identity);
  if (target !== undefined && linkNow(context, target, entry, stat)) {
    report.linked[identity] = (report.linked[identity] ?? 0) + 1;
    report.settledBytes += size;
    return true;
  }
  if (hardLinks.defer({ index: report.next, path, type, size, identity, nlink })) return true;
  entry.deferredAs = identity;
  return false;
}

function linkNow(context: Context, target: LinkTarget, entry: Entry, stat: Stat): boolean {
  try {
    makeLink(context, target, entry, stat);
    return true;
  } catch (error) {
    if (!(error instanceof Unlinkable)) throw error;
    context.hardLinks.forget(stat.identity);
    return false;
  }
}

/** @returns false, after reporting it, when the name cannot be a link at the destination */
function linkDeferred(context: Context, target: LinkTarget, deferredAs: string, path: RawPath): boolean {
  try {
    withRetries(context, () => linkByPath(context, target, deferredAs, path));
    return true;
  } catch (error) {
    if (error instanceof Unlinkable) {
      lose(context, 'hard link');
      context.report.unlinkable.push(path);
      return false;
    }
    // With this path, also when the first name's directory cannot be opened.
    fail(context, new CopyError({ ...toFailure(error, path), path }, { cause: error }), path);
    return true;
  } finally {
    context.heartbeat.endEntry(path);
  }
}

function linkByPath(context: Context, target: LinkTarget, deferredAs: string, path: RawPath): void {
  const { fs, config } = context;
  const [dir, name] = splitPath(path);
  const from = context.source.open(dir);
  const stat = attempt(path, 'source', 'stat', () => statAtSource(fs, config.dereference, from, name));
  // The name may be another file by now, with other content.
  if (stat?.identity !== deferredAs) {
    throw entryError(path, 'source', 'stat', 'EPCOPY_CHANGED', 'was replaced while it waited to be linked');
  }
  makeLink(context, target, destinationEntry(context, path), stat);
}

function makeLink(context: Context, target: LinkTarget, entry: Entry, stat: Stat): void {
  const { config, report } = context;
  const { path } = entry;
  const known = target.sha256 === undefined ? {} : { sha256: target.sha256 };
  context.heartbeat.guard();
  // Mostly the name is free; otherwise the attempt fails.
  if (config.dryRun || !link(context, target, entry, stat, entry.newName)) {
    const there = existing(context, entry);
    if (
      there !== null &&
      (there.identity === target.identity || isLeft(config, stat, there, evenSeconds(context, entry)))
    ) {
      report.unchanged++;
      reportEntry(context, { path, type: 'h', action: 'unchanged', bytes: 0, ...known });
      return;
    }
    checkReplaceable(context, entry, null, there);
    if (!config.dryRun) replace(context, target, entry, stat);
  }
  report.hardlinks++;
  reportEntry(context, { path, type: 'h', action: 'copied', bytes: 0, ...known, ...wouldReplace(context, entry) });
}

/** @returns false when the name is taken */
function link(context: Context, target: LinkTarget, entry: Entry, stat: Stat, name: RawPath): boolean {
  const { fs } = context;
  const { path, destinationDir } = entry;
  if (target.checkedIn !== context.report) checkTarget(context, target, entry, stat);
  const { from, targetName } = openTarget(context, target);
  return attempt(path, 'destination', 'link', () => {
    try {
      return fs.link(from, targetName, destinationDir, name);
    } catch (error) {
      if (codeOf(error) === 'EMLINK' || LINK_REFUSALS.has(codeOf(error))) throw new Unlinkable();
      throw error;
    }
  });
}

function openTarget(context: Context, { path }: LinkTarget): { from: Handle; targetName: RawPath } {
  const [dir, name] = splitPath(path);
  return { from: context.linkTargets.open(dir), targetName: destinationPath(name) };
}

// Several runs with one destination replace each other's copies: what another has put there of the same file is as good.
function checkTarget(context: Context, target: LinkTarget, entry: Entry, stat: Stat): void {
  const { path } = entry;
  const { from, targetName } = openTarget(context, target);
  const there = attempt(path, 'destination', 'stat', () => context.fs.statAt(from, targetName));
  const isCopy =
    there?.identity === target.identity ||
    (there !== null && target.sha256 === undefined && isSameFile(stat, there, evenSeconds(context, entry)));
  if (!isCopy) {
    throw entryError(path, 'destination', 'link', 'EPCOPY_CHANGED', 'the first copy of this hard link is gone');
  }
  target.identity = there.identity;
  target.checkedIn = context.report;
}

/** Two runs may replace each other's first copies by links to their own in the same moment, over and over. */
const MOST_TRIES = 20;

function replace(context: Context, target: LinkTarget, entry: Entry, stat: Stat): void {
  for (let tries = 0; tries < MOST_TRIES; tries++) {
    const linked = target.identity;
    replaceOnce(context, target, entry, stat);
    checkTarget(context, target, entry, stat);
    if (target.identity === linked) return;
  }
}

function replaceOnce(context: Context, target: LinkTarget, entry: Entry, stat: Stat): void {
  const { fs } = context;
  const { path, destinationDir, newName } = entry;
  context.heartbeat.guard();
  const temporary = underTemporaryName(context, false, (as) => link(context, target, entry, stat, as));
  try {
    attempt(path, 'destination', 'rename', () => fs.rename(destinationDir, temporary, destinationDir, newName));
  } finally {
    // A rename between two names of one file does nothing, and leaves both.
    if (fs.statAt(destinationDir, temporary) !== null) fs.unlink(destinationDir, temporary);
  }
}
