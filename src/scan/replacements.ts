import { join, parentOf, type RawPath } from '../api/names.ts';
import { directoryInTheWay, notADirectory } from '../fs/entry-error.ts';
import type { TypeLetter } from '../fs/file-system.ts';
import { jobOf } from '../protocol/entries-job.ts';
import type { DeleteJob, EntriesJob } from '../protocol/jobs.ts';
import type { RunReporter } from '../report/reporter.ts';
import type { Extra } from './extra-entries.ts';
import type { IsIgnored } from './gitignore.ts';
import type { WantedEntry } from './lister.ts';

/** Entries per job. */
const PER_JOB = 512;

/**
 * With `--delete`: directories of the destination where the source has something else, and the reverse. They are deleted with the
 * extra entries, once everything else is copied and nothing at the source has failed; so the entries that replace them are held back
 * until then, with all below them.
 */
export class Replacements {
  private readonly enabled: boolean;
  private readonly inTheWay = new Map<RawPath, Extra>();
  /** Entries that replace another one: their types, and those of the entries to replace. */
  private readonly waiting = new Map<RawPath, { type: TypeLetter; there: TypeLetter }>();
  private readonly held: WantedEntry[] = [];

  constructor(enabled: boolean) {
    this.enabled = enabled;
  }

  /** A directory was listed; which of its entries are selected is not known yet. */
  observe(dir: RawPath, inTheWay: ReadonlyMap<RawPath, TypeLetter>, isIgnored: IsIgnored | null): void {
    if (!this.enabled) return;
    for (const [name, there] of inTheWay)
      this.inTheWay.set(join(dir, name), { dir, names: name, types: there, isIgnored });
  }

  /** @returns what has to be deleted for the entry; true when it lies below one that is held back; false: not held back */
  holdBack(entry: WantedEntry): Extra | boolean {
    if (this.inTheWay.size === 0) return false;
    const path = join(entry.dir, entry.name);
    const extra = this.inTheWay.get(path);
    if (extra === undefined && this.waitsFor(path) === null) return false;
    this.held.push(entry);
    if (extra === undefined) return true;
    this.waiting.set(path, { type: entry.type, there: extra.types as TypeLetter });
    return extra;
  }

  /** Jobs for the held entries whose place is free now. The others fail. */
  take(removed: readonly DeleteJob[], reporter: RunReporter): EntriesJob[] {
    const free = new Set(removed.flatMap(({ dir, names }) => names.split('/').map((name) => join(dir, name))));
    for (const [path, { type, there }] of this.waiting) {
      if (!free.has(path))
        reporter.failed(
          type === 'd' ? { ...notADirectory(path, there).failure, subtree: true } : directoryInTheWay(path).failure,
        );
    }
    const jobs: EntriesJob[] = [];
    const entries = this.held.filter(({ dir, name, type, size }) => {
      const isFree = free.has(this.waitsFor(join(dir, name)) ?? '');
      if (!isFree) reporter.counters.countUnreported(type === 'd' ? 0 : 1, size);
      return isFree;
    });
    for (let at = 0; at < entries.length; at += PER_JOB) jobs.push(jobOf(entries.slice(at, at + PER_JOB)));
    return jobs;
  }

  // The entry that waits for a free place: the path itself, or one of its ancestors.
  private waitsFor(path: RawPath): RawPath | null {
    for (let at = path; at !== ''; at = parentOf(at)) if (this.waiting.has(at)) return at;
    return null;
  }
}
