import { join, type RawPath } from '../api/names.ts';
import type { TypeLetter } from '../fs/file-system.ts';
import type { DeleteJob } from '../protocol/jobs.ts';

interface Directory {
  dir: RawPath;
  name: RawPath;
  /** What will be removed of it: everything but directories. */
  others: RawPath[];
  /** Entries of it that nobody has said may go. Infinity: it was not looked into. */
  left: number;
  parent: Directory | undefined;
}

/** Collects what is to be removed, and sees to it that a directory goes only with all that it holds. */
export class Removals {
  /** By path; parents before what they hold. */
  private readonly directories = new Map<RawPath, Directory>();
  /** In directories that stay. */
  private readonly others = new Map<RawPath, RawPath[]>();
  private count = 0;

  /** A directory has been looked into. */
  listed(dir: RawPath, entries: number): void {
    const directory = this.directories.get(dir);
    if (directory !== undefined) directory.left = entries;
  }

  /** The entry may go. */
  add(dir: RawPath, name: RawPath, type: TypeLetter): void {
    const parent = this.directories.get(dir);
    if (type === 'd') {
      const left = Number.POSITIVE_INFINITY;
      this.directories.set(join(dir, name), { dir, name, others: [], left, parent });
      return;
    }
    this.count++;
    if (parent === undefined) push(this.others, dir, name);
    else {
      parent.others.push(name);
      parent.left--;
    }
  }

  /** When everything has been said: jobs of which none is about what another one removes, and the entries they remove. */
  jobs(): { jobs: DeleteJob[]; count: number } {
    for (const directory of [...this.directories.values()].reverse()) {
      if (directory.left !== 0) continue;
      this.count++;
      if (directory.parent !== undefined) directory.parent.left--;
    }
    const names = new Map(this.others);
    for (const [path, { dir, name, others, left, parent }] of this.directories) {
      if (left > 0) for (const other of others) push(names, path, other);
      else if (parent === undefined || parent.left > 0) push(names, dir, name);
    }
    const jobs = [...names].map(([dir, all]) => ({ kind: 'delete', dir, names: all.join('/') }) as const);
    return { jobs, count: this.count };
  }
}

function push(lists: Map<RawPath, RawPath[]>, dir: RawPath, name: RawPath): void {
  const list = lists.get(dir);
  if (list === undefined) lists.set(dir, [name]);
  else list.push(name);
}
