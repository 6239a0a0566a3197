import { CopyError } from '../api/errors.ts';
import { type RawPath, splitPath } from '../api/names.ts';
import { attempt, entryError, toFailure } from '../fs/entry-error.ts';
import type { Handle, Stat } from '../fs/file-system.ts';
import { codeOf } from '../fs/system-error.ts';
import type { LinkGroup, LinksJob } from '../protocol/jobs.ts';
import { checkReplaceable, existing, LINK_REFUSALS, wouldReplace } from './atomic-write.ts';
import { type Context, destinationEntry, type Entry, lose, tell, withRetries } from './context.ts';
import { fail } from './entries.ts';
import { isLeft } from './policy.ts';
import { underTemporaryName } from './temporary-file.ts';

/** The file cannot have this name too: the destination has no hard links, or the file has as many as it may have. */
class Unlinkable extends Error {}

interface Target extends LinkGroup {
  /** The first name was seen to be that of the file that was copied, some milliseconds ago at most. */
  isChecked: boolean;
}

/** Gives files that are at the destination their other names. */
export function makeLinks(context: Context, job: LinksJob): void {
  for (const group of job.groups) {
    const target = { ...group, isChecked: false };
    for (const path of group.paths) {
      context.report.next++;
      try {
        withRetries(context, () => makeLink(context, target, path));
      } catch (error) {
        if (error instanceof Unlinkable) {
          lose(context, 'hard link');
          context.report.unlinkable.push(path);
        } else {
          // Also when it is the first name's directory that cannot be entered: that one is not what is missing.
          fail(context, new CopyError({ ...toFailure(error, path), path }, { cause: error }), path);
        }
      }
      context.heartbeat.endEntry();
    }
  }
}

function makeLink(context: Context, group: Target, path: RawPath): void {
  const { config, report } = context;
  const stat = checkStillLinked(context, group, path);
  const entry = destinationEntry(context, path);
  const known = group.sha256 === undefined ? {} : { sha256: group.sha256 };
  // Mostly the name is free: that it is not is told by the attempt.
  if (config.dryRun || !link(context, group, entry, entry.name)) {
    const there = existing(context, entry);
    if (there !== null && (there.identity === group.targetIdentity || isLeft(context, entry, stat, there))) {
      report.unchanged++;
      tell(context, { path, type: 'h', action: 'unchanged', bytes: 0, ...known });
      return;
    }
    checkReplaceable(context, entry, null, there);
    if (!config.dryRun) replace(context, group, entry);
  }
  report.hardlinks++;
  tell(context, { path, type: 'h', action: 'copied', bytes: 0, ...known, ...wouldReplace(context, entry) });
}

// A name that is another file by now never had what the first name had when it was copied.
function checkStillLinked(context: Context, group: Target, path: RawPath): Stat {
  const { fs, config } = context;
  const [dir, name] = splitPath(path);
  const from = context.source.open(dir);
  const stat = attempt(path, 'source', 'stat', () =>
    config.dereference ? fs.statTarget(from, name) : fs.statAt(from, name),
  );
  if (stat?.identity === group.deferredAs) return stat;
  throw entryError(path, 'source', 'stat', 'EPCOPY_CHANGED', 'was replaced while it waited to be linked');
}

/** @returns false when the name is taken */
function link(context: Context, group: Target, { path, destinationDir }: Entry, name: RawPath): boolean {
  const { fs } = context;
  const [targetDir, targetName] = splitPath(group.target);
  const from: Handle = context.linkTargets.open(targetDir);
  if (!group.isChecked) {
    const first = attempt(path, 'destination', 'stat', () => fs.statAt(from, targetName));
    if (first?.identity !== group.targetIdentity) {
      throw entryError(path, 'destination', 'link', 'EPCOPY_CHANGED', 'the first copy of this hard link is gone');
    }
    group.isChecked = true;
  }
  return attempt(path, 'destination', 'link', () => {
    try {
      return fs.link(from, targetName, destinationDir, name);
    } catch (error) {
      if (codeOf(error) === 'EMLINK' || LINK_REFUSALS.has(codeOf(error))) throw new Unlinkable();
      throw error;
    }
  });
}

function replace(context: Context, group: Target, entry: Entry): void {
  const { fs } = context;
  const { path, destinationDir, newName } = entry;
  const temporary = underTemporaryName(context, false, (as) => link(context, group, entry, as));
  try {
    attempt(path, 'destination', 'rename', () => fs.rename(destinationDir, temporary, destinationDir, newName));
  } finally {
    // rename of two names of one file does nothing and leaves both.
    if (fs.statAt(destinationDir, temporary) !== null) fs.unlink(destinationDir, temporary);
  }
}
