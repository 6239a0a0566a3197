import { CopyError } from '../api/errors.ts';
import { splitPath } from '../api/names.ts';
import { attempt, entryError, toFailure } from '../fs/entry-error.ts';
import type { LinksJob } from '../protocol/jobs.ts';
import { checkReplaceable } from './atomic-write.ts';
import { type Context, type Entry, tell } from './context.ts';
import { fail } from './entries.ts';
import { existing } from './policy.ts';
import { withRetries } from './retry.ts';
import { underTemporaryName } from './temporary-file.ts';

/** Gives a file that is at the destination its other names. */
export function makeLinks(context: Context, job: LinksJob): void {
  for (const path of job.paths) {
    context.report.next++;
    try {
      withRetries(context, () => makeLink(context, job, path));
    } catch (error) {
      // Also when it is the first name's directory that cannot be entered: that one is not what is missing.
      fail(context, new CopyError({ ...toFailure(error, path), path }, { cause: error }), path);
    }
    context.heartbeat.endEntry();
  }
}

function makeLink(context: Context, job: LinksJob, path: string): void {
  const { fs, config, report } = context;
  const [dir, newName] = splitPath(path);
  const [targetDir, targetName] = splitPath(job.target);
  const destinationDir = context.destination.open(dir);
  const entry: Entry = { sourceDir: -1, destinationDir, name: newName, newName, path, type: 'f' };
  const known = job.sha256 === undefined ? {} : { sha256: job.sha256 };
  const there = existing(context, entry);
  if (there?.type === 'd') checkReplaceable(context, entry, null);
  if (there !== null && (config.noClobber || there.identity === job.targetIdentity)) {
    report.unchanged++;
    tell(context, { path, type: 'h', action: 'unchanged', bytes: 0, ...known });
    return;
  }
  if (!config.dryRun) {
    // A second handle: opening the target's directory may close the first one's.
    const held = fs.openDirectory(destinationDir, '.');
    try {
      const from = context.destination.open(targetDir);
      link(context, { ...entry, destinationDir: held }, from, targetName, job.targetIdentity, there !== null);
    } finally {
      fs.close(held);
    }
  }
  report.hardlinks++;
  tell(context, { path, type: 'h', action: 'copied', bytes: 0, ...known });
}

function link(context: Context, entry: Entry, from: number, name: string, identity: string, replace: boolean): void {
  const { fs, config } = context;
  const { path, destinationDir, newName } = entry;
  const first = attempt(path, 'destination', 'stat', () => fs.statAt(from, name));
  if (first?.identity !== identity) {
    throw entryError(path, 'destination', 'link', 'EPCOPY_CHANGED', 'the first copy of this hard link is gone');
  }
  if (!replace && attempt(path, 'destination', 'link', () => fs.link(from, name, destinationDir, newName))) return;
  checkReplaceable(context, entry, null);
  const temporary = underTemporaryName(config.runMark, false, (as) =>
    attempt(path, 'destination', 'link', () => fs.link(from, name, destinationDir, as)),
  );
  try {
    attempt(path, 'destination', 'rename', () => fs.rename(destinationDir, temporary, destinationDir, newName));
  } finally {
    // rename of two names of one file does nothing and leaves both.
    if (fs.statAt(destinationDir, temporary) !== null) fs.unlink(destinationDir, temporary);
  }
}
