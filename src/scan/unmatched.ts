import { join } from '../api/names.ts';
import type { PatternUse } from './selection.ts';
import type { ListedEntry } from './tree-adapter.ts';

/** Notices which patterns were of use. Each is asked only until it has matched once. */
export class Unmatched {
  private include: PatternUse[];
  private exclude: PatternUse[];

  constructor(uses: readonly PatternUse[]) {
    this.include = uses.filter((use) => use.option === 'include');
    this.exclude = uses.filter((use) => use.option === 'exclude');
  }

  /** Entries of a directory, before any is left out. */
  listed(path: string, entries: readonly ListedEntry[]): void {
    for (const entry of entries) {
      if (this.exclude.length === 0) return;
      this.exclude = withoutMatching(this.exclude, join(path, entry.name), entry);
    }
  }

  /** An entry that is wanted. */
  selected(path: string, entry: ListedEntry): void {
    if (this.include.length > 0) this.include = withoutMatching(this.include, path, entry);
  }

  /** Those that have matched nothing so far. */
  get left(): readonly PatternUse[] {
    return [...this.include, ...this.exclude];
  }
}

function withoutMatching(uses: PatternUse[], path: string, entry: ListedEntry): PatternUse[] {
  const isMatched = (use: PatternUse): boolean => use.matches(path, entry.isDirectory());
  return uses.some(isMatched) ? uses.filter((use) => !isMatched(use)) : uses;
}
