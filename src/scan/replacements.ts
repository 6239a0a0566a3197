import { join, parentOf, type RawPath } from '../api/names.ts';
import { isDirectory, notDirectory } from '../fs/entry-error.ts';
import type { TypeLetter } from '../fs/file-system.ts';
import { jobOf } from '../protocol/entries-job.ts';
import type { DeleteJob, EntriesJob } from '../protocol/jobs.ts';
import type { Reporter } from '../report/reporter.ts';
import type { Extra } from './extra-entries.ts';
import type { IsIgnored } from './gitignore.ts';
import type { WantedEntry } from './lister.ts';

/** Entries per job. */
const PER_JOB = 512;

/**
 * With `--delete`: directories of the destination where the source has something else, and the reverse. They go with what is
 * extra, once everything else is copied and nothing at the source has failed; so what is to have their place is held back
 * until then, with all that lies below it.
 */
export class Replacements {
  private readonly enabled: boolean;
  private readonly inTheWay = new Map<RawPath, Extra>();
  /** What is to have a place that is taken: its type, and that of what is there. */
  private readonly waiting = new Map<RawPath, { type: TypeLetter; there: TypeLetter }>();
  private readonly held: WantedEntry[] = [];

  constructor(enabled: boolean) {
    this.enabled = enabled;
  }

  /** A directory was listed; what of it is wanted is not known yet. */
  observe(dir: RawPath, inTheWay: ReadonlyMap<RawPath, TypeLetter>, isIgnored: IsIgnored | null): void {
    if (!this.enabled) return;
    for (const [name, there] of inTheWay)
      this.inTheWay.set(join(dir, name), { dir, names: name, types: there, isIgnored });
  }

  /** @returns what has to go for the entry; true when it lies below one that waits; false: nothing waits */
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

  /** What was held back and has its way free now. The rest fails. */
  take(removed: readonly DeleteJob[], reporter: Reporter): EntriesJob[] {
    const free = new Set(removed.flatMap(({ dir, names }) => names.split('/').map((name) => join(dir, name))));
    for (const [path, { type, there }] of this.waiting) {
      if (!free.has(path))
        reporter.failed(
          type === 'd' ? { ...notDirectory(path, there).failure, subtree: true } : isDirectory(path).failure,
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

  // What waits for a free place: the path itself, or a directory it lies in.
  private waitsFor(path: RawPath): RawPath | null {
    for (let at = path; at !== ''; at = parentOf(at)) if (this.waiting.has(at)) return at;
    return null;
  }
}
