import type { RawPath } from '../api/names.ts';

/** What is known of the directories on the way from the root to the one in hand, in a walk that goes depth first. */
export class AncestorStack<T> {
  private readonly dirs: RawPath[] = [];
  private readonly values: T[] = [];

  /** The values of the ancestors of `dir` that have one, the outermost first. Forgets what is not an ancestor. */
  to(dir: RawPath): readonly T[] {
    for (let last = this.dirs.at(-1); last !== undefined && !isBelow(dir, last); last = this.dirs.at(-1)) {
      this.dirs.pop();
      this.values.pop();
    }
    return this.values;
  }

  /** After `to(dir)`: what holds for the directory itself and what lies in it. */
  push(dir: RawPath, value: T): void {
    this.dirs.push(dir);
    this.values.push(value);
  }
}

function isBelow(path: RawPath, dir: RawPath): boolean {
  return dir === '' ? path !== '' : path.length > dir.length && path.startsWith(dir) && path[dir.length] === '/';
}
