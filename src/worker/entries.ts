import { type RawPath, sourcePath } from '../api/names.ts';
import { MISSING } from '../fs/dir-handle-cache.ts';
import { entryError } from '../fs/entry-error.ts';
import type { TypeLetter } from '../fs/file-system.ts';
import { countEntries, namesOf } from '../protocol/entries-job.ts';
import type { EntriesJob, EntriesOfDirectory } from '../protocol/jobs.ts';
import { existing, wouldBeGone, wouldReplace } from './atomic-write.ts';
import {
  type Context,
  type Entry,
  entryIn,
  type OpenDirectory,
  reportEntry,
  syncIfAsked,
  withRetries,
} from './context.ts';
import { checkThere, ensureDirectory } from './directories.ts';
import { fail, failSubtree } from './failures.ts';
import { copyFile, opensEachFile, prepareFile } from './file.ts';
import { type Into, lookInto } from './into.ts';
import { linkWaiting } from './links.ts';
import { copySpecial, copySymlink } from './special.ts';
import { discardMade, sweep } from './temporary-file.ts';

/**
 * The rest of a batch is handed back after this many bytes or milliseconds, so that idle workers can share it: between two
 * directories, since another worker has to open the directory again, or within one that takes long.
 */
const SLICE_BYTES = 64 * 1024 * 1024;
const SLICE_MS = 200;
const LONG_SLICE_MS = 1000;
/** So few entries are left whole for longer: two workers in one directory wait for each other. */
const FEW = 16;
const SLICE_OF_FEW_MS = 2500;
/** After this many milliseconds the parent may have asked for the rest. */
const ASKED_AFTER_MS = 100;

/** The entries of a directory, in order. */
interface Listed {
  names: readonly RawPath[];
  types: string;
  into: Into;
}

/** Called with the index of an entry before it is copied. */
export type Note = (index: number) => void;

/** Steps of a job. They yield what they wait for, which is only where storage is very late. */
type Steps = Generator<Promise<void>, void>;

/**
 * Copies the entries of a job: when it returns, unless there is a promise. A failed entry is reported and does not affect the others.
 */
export function copyEntries(context: Context, job: EntriesJob, note: Note): Promise<void> | void {
  return finish(copyGroups(context, job, note));
}

function finish(steps: Steps): Promise<void> | void {
  const { done, value } = steps.next();
  if (!done) return value.then(() => finish(steps));
}

function* copyGroups(context: Context, job: EntriesJob, note: Note): Steps {
  const { report, heartbeat } = context;
  const began = heartbeat.now;
  const last = countEntries(job) - 1;
  let entryBegan = 0;
  const left = (ms: number): boolean => {
    if (report.full || heartbeat.isEnding || report.bytes >= SLICE_BYTES) return false;
    const since = heartbeat.now - began;
    context.ahead.observe(since - entryBegan);
    entryBegan = since;
    return since < ms && !(since > ASKED_AFTER_MS && report.next < last && context.askedBack.includes(context.job));
  };
  try {
    for (const group of job.groups) {
      if (report.next > 0 && !left(SLICE_MS)) return;
      yield* copyGroup(context, group, job.deferredAs ?? null, note, left);
      linkWaiting(context, note);
    }
  } finally {
    report.hardLinked = context.hardLinks.takeDeferred();
  }
}

function* copyGroup(
  context: Context,
  group: EntriesOfDirectory,
  deferredAs: readonly string[] | null,
  note: Note,
  left: (ms: number) => boolean,
): Steps {
  const { report, ahead } = context;
  const { dir, types, sweeps } = group;
  const names = namesOf(group);
  context.heartbeat.beginDirectory(dir);
  const dirs = openBoth(context, dir, names.length);
  if (dirs === null) return;
  const { sourceDir, destinationDir } = dirs;
  const into = lookInto(context, destinationDir);
  if (sweeps === true && !into.isNew) sweep(context, sourceDir, destinationDir);
  context.heartbeat.beginEntries();

  const slice = names.length <= FEW ? SLICE_OF_FEW_MS : LONG_SLICE_MS;
  try {
    for (let index = 0; index < names.length; index++) {
      if (index > 0 && !left(slice)) break;
      note(report.next);
      const entry = entryIn(context, dirs, names[index] as RawPath, types[index] as TypeLetter);
      entry.deferredAs = deferredAs?.[report.next] ?? null;
      if (ahead.isLate) {
        if (ahead.isVeryLate) yield ahead.turn();
        askForNext(context, dirs, { names, types, into }, index);
      }
      copyEntry(context, entry, into);
      report.next++;
    }
  } finally {
    ahead.drop();
    if (ahead.hasMade) yield discardMade(context, destinationDir);
  }
  if (destinationDir !== MISSING) {
    try {
      withRetries(context, () => syncIfAsked(context, dir, destinationDir));
    } catch (error) {
      fail(context, error, dir);
    }
  }
}

// What the files after this entry will ask of the storage. Two are opened, so that the next one is open when its content is asked for.
function askForNext(context: Context, dirs: OpenDirectory, { names, types, into }: Listed, index: number): void {
  const { ahead } = context;
  const { sourceDir, destinationDir } = dirs;
  const nameOf = (at: number): RawPath | null => (types[at] === 'f' ? sourcePath(names[at] as RawPath) : null);
  const [next, afterNext] = [nameOf(index + 1), nameOf(index + 2)];
  if (ahead.isVeryLate && opensEachFile(context)) {
    if (next !== null) ahead.open(sourceDir, next);
    if (afterNext !== null) ahead.open(sourceDir, afterNext);
    if (next !== null) prepareFile(context, next, into);
  } else {
    if (index > 0) ahead.renamed(destinationDir);
    if (next !== null) ahead.entry(sourceDir, next);
  }
}

// When one of the directories cannot be opened, none of the entries can be copied: one failure covers all.
function openBoth(context: Context, dir: RawPath, entries: number): OpenDirectory | null {
  try {
    return withRetries(context, () => {
      const sourceDir = context.source.open(dir);
      return { path: dir, sourceDir, destinationDir: context.destination.open(dir) };
    });
  } catch (error) {
    context.report.next += entries;
    failSubtree(context, error, dir, entries);
    return null;
  }
}

function copyEntry(context: Context, entry: Entry, into: Into): void {
  const { report } = context;
  const deferred = report.big.length;
  try {
    context.heartbeat.guard();
    withRetries(context, () => copyByType(context, entry, into));
  } catch (error) {
    if (entry.type === 'd') failSubtree(context, error, entry.path, 1);
    else fail(context, error, entry.path);
  }
  const size = context.heartbeat.endEntry(entry.path);
  if (report.big.length === deferred) report.settledBytes += size;
}

function copyByType(context: Context, entry: Entry, into: Into): void {
  const { type } = entry;
  switch (type) {
    case 'f':
      return copyFile(context, entry, into);
    case 'd':
      return makeDirectory(context, entry, into);
    case 'l':
      return copySymlink(context, entry);
    case 'p':
    case 's':
    case 'c':
    case 'b':
      return copySpecial(context, entry);
    case '?':
      throw entryError(entry.path, 'source', 'copy', 'EPCOPY_TYPE', 'is of an unknown type');
    default:
      return type satisfies never;
  }
}

// Made now, so that empty directories are copied too; mode and times are set when it is complete.
function makeDirectory(context: Context, entry: Entry, { inheritsAcl }: Into): void {
  const { report, config } = context;
  const isNew = config.dryRun
    ? wouldBeNew(context, entry)
    : ensureDirectory(context, entry.destinationDir, entry.newName, entry.path, inheritsAcl);
  if (isNew) report.directories++;
  const action = isNew ? 'copied' : 'unchanged';
  reportEntry(context, { path: entry.path, type: 'd', action, bytes: 0, ...wouldReplace(context, entry) });
}

function wouldBeNew(context: Context, entry: Entry): boolean {
  const there = existing(context, entry);
  return there === null || wouldBeGone(context, there, 'd') || checkThere(context, there, entry.path);
}
