import { join, type RawPath } from '../api/names.ts';
import type { TypeLetter } from '../fs/file-system.ts';
import type { DeleteJob } from '../protocol/jobs.ts';

interface Doomed {
  name: RawPath;
  type: 'd' | 'f';
}

interface Directory {
  dir: RawPath;
  name: RawPath;
  /** Its entries to remove, without directories. */
  others: Doomed[];
  /** Number of its entries that are not known to be removable. Infinity: it was not listed. */
  left: number;
  parent: Directory | undefined;
}

/** Collects the entries to remove, and ensures that a directory is removed only with all its entries. */
export class Removals {
  /** By path; parents before their entries. */
  private readonly directories = new Map<RawPath, Directory>();
  /** Entries of directories that stay. */
  private readonly others = new Map<RawPath, Doomed[]>();
  private count = 0;

  /** A directory was listed. */
  listed(dir: RawPath, entries: number): void {
    const directory = this.directories.get(dir);
    if (directory !== undefined) directory.left = entries;
  }

  /** The entry may be removed. */
  add(dir: RawPath, name: RawPath, type: TypeLetter): void {
    const parent = this.directories.get(dir);
    if (type === 'd') {
      const left = Number.POSITIVE_INFINITY;
      this.directories.set(join(dir, name), { dir, name, others: [], left, parent });
      return;
    }
    this.count++;
    const doomed = { name, type: 'f' } as const;
    if (parent === undefined) push(this.others, dir, doomed);
    else {
      parent.others.push(doomed);
      parent.left--;
    }
  }

  /** Call it at the end. No job is about an entry below one that another job removes. `count` includes the entries of directories. */
  jobs(): { jobs: DeleteJob[]; count: number } {
    for (const directory of [...this.directories.values()].reverse()) {
      if (directory.left !== 0) continue;
      this.count++;
      if (directory.parent !== undefined) directory.parent.left--;
    }
    const doomed = new Map(this.others);
    for (const [path, { dir, name, others, left, parent }] of this.directories) {
      if (left > 0) for (const other of others) push(doomed, path, other);
      else if (parent === undefined || parent.left > 0) push(doomed, dir, { name, type: 'd' });
    }
    const jobs = [...doomed].map(([dir, all]): DeleteJob => {
      const names = all.map(({ name }) => name).join('/');
      return { kind: 'delete', dir, names, types: all.map(({ type }) => type).join('') };
    });
    return { jobs, count: this.count };
  }
}

function push(lists: Map<RawPath, Doomed[]>, dir: RawPath, doomed: Doomed): void {
  const list = lists.get(dir);
  if (list === undefined) lists.set(dir, [doomed]);
  else list.push(doomed);
}
