import type { Form } from './glob-form.ts';
import type { Turns } from './turns.ts';

/** The filters as given by the user: fast-glob patterns for paths relative to the root. */
export interface Filters {
  include: readonly string[];
  exclude: readonly string[];
}

/** One pattern as given by the user, with its forms. */
export interface PatternUse {
  option: 'include' | 'exclude';
  pattern: string;
  /** The pattern with its origin: the option, or the line of a file. */
  label: string;
  forms: readonly Form[];
}

/** Compiled patterns. Paths are in the form of `toGlob`. Long matching yields to the event loop. */
export interface Patterns {
  /** Everything is selected. */
  all: boolean;
  uses: readonly PatternUse[];
  /** Whether the entry itself is excluded, with all below it. Its parent directories are not checked. */
  excludes: (path: string, isDirectory: boolean, turns: Turns) => Promise<boolean>;
  includes: (path: string, isDirectory: boolean, turns: Turns) => Promise<boolean>;
  /** Whether an entry below the directory may be included. */
  mayHold: (path: string, turns: Turns) => Promise<boolean>;
  /** Judges a path that was not reached by walking: its parent directories are judged too. */
  selects: (path: string, isDirectory: boolean, turns: Turns) => Promise<boolean>;
}

/** No filters. */
const EVERYTHING: Patterns = {
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
  // Loading the pattern library takes longer than copying a small tree.
  const { compilePatterns } = await import('./patterns.ts');
  return compilePatterns(filters, origins);
}
