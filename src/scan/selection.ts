/** What is wanted of a tree, as the user said it: fast-glob patterns over paths relative to the root. */
export interface Filters {
  include: readonly string[];
  exclude: readonly string[];
}

/** One pattern as the user wrote it, and a way to tell whether it was of any use. */
export interface PatternUse {
  option: 'include' | 'exclude';
  pattern: string;
  matches: (path: string, isDirectory: boolean) => boolean;
}

/** Patterns ready for fast-glob. Paths and patterns are in the form of `toGlob`. */
export interface Patterns {
  positive: string[];
  negative: string[];
  /** Nothing is left out. */
  all: boolean;
  /** Excluded, but only when it is a directory: `cache/`. fast-glob would still enter those. */
  excludedDirectory: ((path: string) => boolean) | null;
  /** Judges a path that was not come upon by walking: whatever directories it lies in are judged too. */
  selects: (path: string, isDirectory: boolean) => boolean;
  uses: PatternUse[];
}

/** No filters. */
export const EVERYTHING: Patterns = {
  positive: ['**'],
  negative: [],
  all: true,
  excludedDirectory: null,
  selects: () => true,
  uses: [],
};

/** Throws UsageError for a pattern that cannot be used. */
export async function patternsFor(filters: Filters): Promise<Patterns> {
  if (filters.include.length + filters.exclude.length === 0) return EVERYTHING;
  // What understands patterns takes longer to load than a small tree to copy.
  const { compilePatterns } = await import('./patterns.ts');
  return compilePatterns(filters);
}
