import { parentOf, type RawPath } from '../api/names.ts';
import type { EntriesJob } from '../protocol/jobs.ts';

/**
 * Which directories are complete: whatever is in them and below was listed, and all that it led to is done. The jobs come
 * in the order of a listing that is depth first: what it has left it does not come back to.
 */
export class CompleteDirectories {
  /** The way to the directory that the listing is in, of those with entries. */
  private readonly way: RawPath[] = [];
  /** Left by the listing, each with the last job that has entries of it. */
  private readonly left: { dir: RawPath; last: number }[] = [];
  private count = 0;
  /** Jobs of the listing that are not done: how much of what each has led to is not. */
  private readonly open = new Map<number, number>();
  /** Directories of the run's making, by the one they lie in, until they are taken. */
  private readonly made = new Map<RawPath, Set<RawPath>>();

  /** @returns the number of the job */
  listed({ groups }: EntriesJob): number {
    const number = ++this.count;
    for (const { dir } of groups) {
      for (let at = this.way.at(-1); at !== undefined && !holds(at, dir); at = this.way.at(-1)) {
        this.left.push({ dir: at, last: number });
        this.way.pop();
      }
      if (this.way.at(-1) !== dir) this.way.push(dir);
    }
    return number;
  }

  /** A job, or something that it led to, begins. */
  begin(number: number): void {
    this.open.set(number, (this.open.get(number) ?? 0) + 1);
  }

  end(number: number): void {
    const left = (this.open.get(number) ?? 1) - 1;
    if (left > 0) this.open.set(number, left);
    else this.open.delete(number);
  }

  /** Told by every worker that enters it while it is unfinished. */
  wasMade(path: RawPath): void {
    const dir = parentOf(path);
    const there = this.made.get(dir);
    if (there === undefined) this.made.set(dir, new Set([path]));
    else there.add(path);
  }

  /** Those that the run has made and that are complete by now; each is taken once. */
  take(): RawPath[] {
    const taken: RawPath[] = [];
    // In the order in which they were begun.
    const [oldest = this.count + 1] = this.open.keys();
    let taking = 0;
    for (const { dir, last } of this.left) {
      if (last >= oldest) break;
      taking++;
      this.takeBelow(dir, taken);
      if (this.made.get(parentOf(dir))?.delete(dir)) taken.push(dir);
    }
    this.left.splice(0, taking);
    return taken;
  }

  // What is left there had no entries, or was not taken for its own sake.
  private takeBelow(dir: RawPath, taken: RawPath[]): void {
    for (const path of this.made.get(dir) ?? []) {
      this.takeBelow(path, taken);
      taken.push(path);
    }
    this.made.delete(dir);
  }
}

function holds(dir: RawPath, path: RawPath): boolean {
  return dir === '' || path === dir || (path.startsWith(dir) && path[dir.length] === '/');
}
