import { isIn, type RawPath } from '../api/names.ts';

/** Values for the ancestors of the current directory in a depth-first walk. */
export class AncestorStack<T> {
  private readonly dirs: RawPath[] = [];
  private readonly values: T[] = [];

  /** The values of the ancestors of `dir` that have one, the outermost first. Drops the others. */
  to(dir: RawPath): readonly T[] {
    for (let last = this.dirs.at(-1); last !== undefined; last = this.dirs.at(-1)) {
      if (last !== dir && isIn(dir, last)) break;
      this.dirs.pop();
      this.values.pop();
    }
    return this.values;
  }

  /** Call it after `to(dir)`. The value applies to the directory and all below it. */
  push(dir: RawPath, value: T): void {
    this.dirs.push(dir);
    this.values.push(value);
  }
}
