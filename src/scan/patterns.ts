import { types } from 'node:util';
import { UsageError } from '../api/errors.ts';
import { escapeControls, parentOf } from '../api/names.ts';
import { type Form, formsOf, type Glob } from './glob-form.ts';
import { patternToGlob } from './glob-names.ts';
import type { Filters, Patterns, PatternUse } from './selection.ts';
import { liesIn, pathsTo } from './subtree-filter.ts';
import { Turns } from './turns.ts';

const LONGEST = 32_768;
/** Each is matched with every path; patterns without wildcards are looked up. */
const MOST_GLOBS = 10_000;

/**
 * `a` matches the entry at the top, with all below it if it is a directory; `a/` only a directory. A leading `./` or `/` is the
 * root. Throws UsageError for a pattern that cannot be used.
 */
export async function compilePatterns(
  { include, exclude }: Filters,
  origins?: ReadonlyMap<string, string>,
): Promise<Patterns> {
  const turns = new Turns(() => false);
  const uses: PatternUse[] = [];
  let globs = 0;
  for (const [option, patterns] of [
    ['include', include],
    ['exclude', exclude],
  ] as const) {
    for (const pattern of patterns) {
      if (turns.due(pattern.length + 100)) await turns.take();
      const origin = option === 'exclude' ? origins?.get(pattern) : undefined;
      const forms = compile(option, pattern, origin);
      globs += forms.reduce((count, form) => count + ('glob' in form ? 1 : 0), 0);
      if (globs > MOST_GLOBS)
        throw unusable(origin ?? option, pattern, `one of more than ${MOST_GLOBS} patterns with wildcards`);
      uses.push({
        option,
        pattern,
        label: `${origin ? `${origin}:` : `--${option}`} '${escapeControls(pattern)}'`,
        forms,
      });
    }
  }
  return toPatterns(uses);
}

function compile(option: PatternUse['option'], pattern: string, origin: string = option): Form[] {
  if (pattern.length > LONGEST) throw unusable(origin, pattern, `longer than ${LONGEST} characters`);
  if (/^!(?!\()/.test(pattern)) {
    const other = option === 'include' ? ', use --exclude' : '';
    throw unusable(origin, pattern, `a pattern cannot begin with !${other} (\\! stands for the character)`);
  }
  // Quotes would group and vanish, as in a shell. `//` and `/./` are one slash.
  const plain = patternToGlob(pattern)
    .replace(/\\.|["'`]/gs, (part) => (part.length > 1 ? part : `\\${part}`))
    .replace(/\/(?:\.?\/)+/g, '/')
    .replace(/^\.?\//, '');
  try {
    return formsOf(plain === '' || plain === '.' ? '**' : plain, option === 'exclude');
  } catch (error) {
    throw unusable(origin, pattern, types.isNativeError(error) ? error.message : String(error));
  }
}

function toPatterns(uses: readonly PatternUse[]): Patterns {
  const forms = (option: string): Form[] => uses.flatMap((use) => (use.option === option ? use.forms : []));
  const excluded = new FormSet(forms('exclude'));
  const included = new FormSet(forms('include'));
  const takesAll = uses.every(({ option }) => option === 'exclude');
  return {
    all: uses.length === 0,
    uses,
    excludes: (path, isDirectory, turns) => excluded.has(path, isDirectory, turns),
    // A named entry is included with all below it.
    includes: async (path, isDirectory, turns) =>
      takesAll || included.holds(parentOf(path)) || included.has(path, isDirectory, turns),
    mayHold: async (path, turns) => takesAll || included.mayHold(path, turns),
    async selects(path, isDirectory, turns) {
      for (const part of pathsTo(path)) {
        if (await this.excludes(part, isDirectory || part !== path, turns)) return false;
      }
      return this.includes(path, isDirectory, turns);
    },
  };
}

/** The forms of some patterns. */
class FormSet {
  private readonly globs: Glob[] = [];
  /** Forms without wildcards: for any entry, or for directories only. */
  private readonly entries = new Set<string>();
  private readonly directories = new Set<string>();
  /** Their ancestors. */
  private readonly ancestors = new Set<string>();

  constructor(forms: readonly Form[]) {
    for (const form of forms) {
      if ('glob' in form) this.globs.push(form.glob);
      else {
        (form.directory ? this.directories : this.entries).add(form.literal);
        for (const dir of pathsTo(parentOf(form.literal))) this.ancestors.add(dir);
      }
    }
  }

  async has(path: string, isDirectory: boolean, turns: Turns): Promise<boolean> {
    if (this.entries.has(path) || (isDirectory && this.directories.has(path))) return true;
    for (const glob of this.globs) {
      if (turns.due(path.length)) await turns.take();
      if (glob.matches(path, isDirectory)) return true;
    }
    return false;
  }

  /** Whether the directory is a named one or lies in one. */
  holds(path: string): boolean {
    return liesIn(this.entries, path) || liesIn(this.directories, path);
  }

  /** Whether an entry below the directory may match. */
  async mayHold(path: string, turns: Turns): Promise<boolean> {
    if (this.ancestors.has(path) || this.holds(path)) return true;
    const names = path.split('/');
    for (const glob of this.globs) {
      if (turns.due(path.length)) await turns.take();
      if (glob.mayMatchBelow(names)) return true;
    }
    return false;
  }
}

function unusable(origin: string, pattern: string, why: string): UsageError {
  const shown = pattern.length > 100 ? `${pattern.slice(0, 40)}…` : pattern;
  return new UsageError(`${origin}: got ${JSON.stringify(shown)}: ${why}`);
}
