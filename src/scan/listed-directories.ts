import { type RawPath, sourcePath } from '../api/names.ts';
import type { Stat } from '../fs/file-system.ts';
import type { EntriesJob, ListedAs } from '../protocol/jobs.ts';

/** Notes which directory each path led to when it was listed, for the jobs with its entries. */
export class ListedDirectories {
  /** In the order of the listing. */
  private readonly listed = new Map<RawPath, ListedAs>();

  note(dir: RawPath, { identity, changedMs }: Stat): void {
    this.listed.set(dir, { identity, changedMs });
  }

  /** Jobs come in the order of the listing: of directories before the last one nothing is asked for again. */
  identify({ groups }: EntriesJob): void {
    let last: RawPath | undefined;
    for (const group of groups) {
      const dir = sourcePath(group.dir);
      const listedAs = this.listed.get(dir);
      if (listedAs === undefined) continue;
      group.listedAs = listedAs;
      last = dir;
    }
    if (last === undefined) return;
    for (const dir of this.listed.keys()) {
      this.listed.delete(dir);
      if (dir === last) break;
    }
  }
}
