import { join, type RawPath, splitPath } from '../api/names.ts';
import type { TypeLetter } from '../fs/file-system.ts';
import type { EntriesJob, EntriesOfDirectory } from './jobs.ts';
import type { Deferred } from './report.ts';

// The entries of a job are numbered across its directories. Names are joined by slashes, since a message of a few long strings
// is cheaper than one of many short ones.

export function namesOf(group: EntriesOfDirectory): RawPath[] {
  return group.names === '' ? [] : group.names.split('/');
}

export function countEntries(job: EntriesJob): number {
  return job.groups.reduce((sum, group) => sum + group.types.length, 0);
}

/** How many of the job's first `count` entries are those of directories that are whole among them. */
export function wholeDirectories(job: EntriesJob, count: number): number {
  let whole = 0;
  for (const { types } of job.groups) {
    if (whole + types.length > count) break;
    whole += types.length;
  }
  return whole;
}

export interface ListedEntry {
  path: RawPath;
  type: TypeLetter;
}

export type DeferredEntry = ListedEntry & Deferred;

/** The rest of the job, with its names. */
export function listDeferred(job: EntriesJob, deferred: readonly Deferred[]): DeferredEntry[] {
  if (deferred.length === 0) return [];
  const entries = listEntries(job);
  // Fields by name: spreading two objects costs five times as much.
  return deferred.map(({ index, size, identity, nlink }) => {
    const { path, type } = entries[index] ?? { path: '', type: 'f' };
    return { index, path, type, size, identity, nlink };
  });
}

/** Every entry of the job, in order. */
export function listEntries(job: EntriesJob): ListedEntry[] {
  return job.groups.flatMap((group) =>
    namesOf(group).map((name, index) => ({ path: join(group.dir, name), type: group.types[index] as TypeLetter })),
  );
}

/** The same job with only the entries whose number passes. */
export function pickEntries(job: EntriesJob, wanted: (index: number) => boolean): EntriesJob {
  let first = 0;
  const groups: EntriesOfDirectory[] = [];
  for (const group of job.groups) {
    const start = first;
    first += group.types.length;
    const names = namesOf(group).filter((_name, index) => wanted(start + index));
    const types = [...group.types].filter((_type, index) => wanted(start + index)).join('');
    if (names.length > 0) groups.push({ ...group, names: names.join('/'), types });
  }
  const { deferredAs } = job;
  return { ...job, groups, ...(deferredAs && { deferredAs: deferredAs.filter((_file, index) => wanted(index)) }) };
}

/** The job that copies the first names of hard-linked files. */
export function jobOfDeferred(entries: readonly DeferredEntry[]): EntriesJob {
  const job = jobOf(
    entries.map(({ path, type }) => {
      const [dir, name] = splitPath(path);
      return { dir, name, type };
    }),
  );
  return { ...job, deferredAs: entries.map((entry) => entry.identity) };
}

/** The job that copies these entries, in this order. */
export function jobOf(entries: readonly { dir: RawPath; name: RawPath; type: TypeLetter }[]): EntriesJob {
  const lists: { dir: RawPath; names: RawPath[]; types: string }[] = [];
  for (const { dir, name, type } of entries) {
    let list = lists.at(-1);
    if (list?.dir !== dir) {
      list = { dir, names: [], types: '' };
      lists.push(list);
    }
    list.names.push(name);
    list.types += type;
  }
  const groups = lists.map(({ dir, names, types }) => ({ dir, names: names.join('/'), types }));
  return { kind: 'entries', groups };
}
