import { isIn, parentOf, type RawPath } from '../api/names.ts';
import type { EntriesJob } from '../protocol/jobs.ts';

/**
 * Finds out which directories are complete: all their entries were listed, and all resulting work is done. Jobs come in the order of
 * a depth-first listing, which does not return to a directory.
 */
export class CompleteDirectories {
  /** The current directory of the listing and its ancestors, those with entries only. */
  private readonly ancestors: RawPath[] = [];
  /** Directories that the listing has left, with the last job of their entries. */
  private readonly left: { dir: RawPath; last: number }[] = [];
  private count = 0;
  /** Unfinished jobs of the listing, with the amount of work left of each. */
  private readonly open = new Map<number, number>();
  /** Directories made by the run, by parent, until they are taken. */
  private readonly made = new Map<RawPath, Set<RawPath>>();

  /** @returns the number of the job */
  listed({ groups }: EntriesJob): number {
    const number = ++this.count;
    for (const { dir } of groups) {
      for (let at = this.ancestors.at(-1); at !== undefined && !isIn(dir, at); at = this.ancestors.at(-1)) {
        this.left.push({ dir: at, last: number });
        this.ancestors.pop();
      }
      if (this.ancestors.at(-1) !== dir) this.ancestors.push(dir);
    }
    return number;
  }

  /** A job, or work that results from it, begins. */
  begin(number: number): void {
    this.open.set(number, (this.open.get(number) ?? 0) + 1);
  }

  end(number: number): void {
    const left = (this.open.get(number) ?? 1) - 1;
    if (left > 0) this.open.set(number, left);
    else this.open.delete(number);
  }

  /** Called for every worker that enters it while it is unfinished. */
  wasMade(path: RawPath): void {
    const dir = parentOf(path);
    const there = this.made.get(dir);
    if (there === undefined) this.made.set(dir, new Set([path]));
    else there.add(path);
  }

  /** Directories made by the run that are complete now; each is returned once. */
  take(): RawPath[] {
    const taken: RawPath[] = [];
    // In the order of their jobs.
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
