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

/** With fewer entries, taking trees apart costs more messages than it saves. */
const MANY_ENTRIES = 256;
/** Trees that are enough for all workers, and how deep others are taken apart. */
const MANY_TREES = 64;
const DEEPEST = 8;

export interface Deletions {
  /** To be done first: what big trees hold, since a tree is removed by one worker. */
  contents: DeleteJob[];
  /** None is about an entry below one that another of them removes. */
  jobs: DeleteJob[];
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

  /** Call it at the end. `count` includes the entries of directories. */
  jobs(): Deletions & { count: number } {
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
    const jobs = [...doomed].map(([dir, all]): DeleteJob => ({ kind: 'delete', dir, ...namesAndTypes(all) }));
    return { contents: this.count < MANY_ENTRIES ? [] : this.contents(), jobs, count: this.count };
  }

  // Of the trees that are removed whole: the directories of one depth, and the other entries above them.
  private contents(): DeleteJob[] {
    const places = new Map<Directory, { dir: RawPath; path: RawPath; depth: number }>();
    const counts: number[] = [];
    for (const directory of this.directories.values()) {
      const { dir, name, left, parent } = directory;
      if (left > 0) continue;
      const isTop = parent === undefined || parent.left > 0;
      const above = isTop ? { dir, path: '', depth: -1 } : places.get(parent);
      if (above === undefined || above.depth === DEEPEST) continue;
      const depth = above.depth + 1;
      places.set(directory, { dir: above.dir, path: join(above.path, name), depth });
      counts[depth] = (counts[depth] ?? 0) + 1;
    }
    const enough = counts.findIndex((count) => count >= MANY_TREES);
    const depth = enough >= 0 ? enough : counts.indexOf(Math.max(...counts));
    const inside = new Map<Directory, Doomed[]>();
    for (const [directory, place] of places) {
      if (place.depth < depth) inside.set(directory, [...directory.others]);
      else if (place.depth === depth && directory.parent !== undefined)
        inside.get(directory.parent)?.push({ name: directory.name, type: 'd' });
    }
    return [...inside].flatMap(([directory, all]): DeleteJob[] => {
      const place = places.get(directory);
      if (place === undefined || all.length === 0) return [];
      return [{ kind: 'delete', dir: place.dir, inside: place.path, ...namesAndTypes(all) }];
    });
  }
}

function push(lists: Map<RawPath, Doomed[]>, dir: RawPath, doomed: Doomed): void {
  const list = lists.get(dir);
  if (list === undefined) lists.set(dir, [doomed]);
  else list.push(doomed);
}

function namesAndTypes(all: readonly Doomed[]): { names: string; types: string } {
  return { names: all.map(({ name }) => name).join('/'), types: all.map(({ type }) => type).join('') };
}
