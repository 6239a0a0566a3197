import type { Form } from './glob-form.ts';
import type { Turns } from './turns.ts';

/** What is wanted of a tree, as the user said it: fast-glob patterns over paths relative to the root. */
export interface Filters {
  include: readonly string[];
  exclude: readonly string[];
}

/** One pattern as the user wrote it, and what it stands for. */
export interface PatternUse {
  option: 'include' | 'exclude';
  pattern: string;
  /** With where it stands: the option, or the line of a file. */
  said: string;
  forms: readonly Form[];
}

/** Patterns ready for use. Paths are in the form of `toGlob`. Matching takes turns where there is much of it. */
export interface Patterns {
  /** Nothing is left out. */
  all: boolean;
  uses: readonly PatternUse[];
  /** Whether the entry itself is excluded, and with it all below; that of its directories is another question. */
  excludes: (path: string, isDirectory: boolean, turns: Turns) => Promise<boolean>;
  includes: (path: string, isDirectory: boolean, turns: Turns) => Promise<boolean>;
  /** Whether something below the directory may be included. */
  mayHold: (path: string, turns: Turns) => Promise<boolean>;
  /** Judges a path that was not come upon by walking: whatever directories it lies in are judged too. */
  selects: (path: string, isDirectory: boolean, turns: Turns) => Promise<boolean>;
}

/** No filters. */
export const EVERYTHING: Patterns = {
  all: true,
  uses: [],
  excludes: async () => false,
  includes: async () => true,
  mayHold: async () => true,
  selects: async () => true,
};

/** Throws UsageError for a pattern that cannot be used. */
export async function patternsFor(filters: Filters, origins?: ReadonlyMap<string, string>): Promise<Patterns> {
  if (filters.include.length + filters.exclude.length === 0) return EVERYTHING;
  // What understands patterns takes longer to load than a small tree to copy.
  const { compilePatterns } = await import('./patterns.ts');
  return compilePatterns(filters, origins);
}
