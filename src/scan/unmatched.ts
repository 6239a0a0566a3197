import type { Glob } from './glob-form.ts';
import type { PatternUse } from './selection.ts';
import type { Turns } from './turns.ts';

type Option = PatternUse['option'];

/** Finds the patterns that match nothing. Each is tried only until it has matched once. */
export class Unmatched {
  private readonly uses: Set<PatternUse>;
  private readonly named = { include: new Map<string, Named[]>(), exclude: new Map<string, Named[]>() };
  /** Excludes without a directory part: they match at the top only. */
  private readonly aboutTop: ReadonlySet<PatternUse>;
  private readonly globsBelow = new Set<Globs>();
  private readonly missed = new Set<PatternUse>();
  private readonly globs = { include: new Set<Globs>(), exclude: new Set<Globs>() };

  constructor(uses: readonly PatternUse[]) {
    this.uses = new Set(uses);
    // With `./x` or `/x` the user means the top.
    this.aboutTop = new Set(uses.filter((use) => use.option === 'exclude' && /^[^/]+\/?$/.test(use.pattern)));
    for (const use of uses) {
      const globs: Glob[] = [];
      const named = this.named[use.option];
      for (const form of use.forms) {
        if ('glob' in form) globs.push(form.glob);
        else named.set(form.literal, [...(named.get(form.literal) ?? []), { use, directory: form.directory }]);
      }
      if (globs.length > 0) this.globs[use.option].add({ use, globs });
      if (globs.length > 0 && this.aboutTop.has(use)) this.globsBelow.add({ use, globs });
    }
  }

  /** Call it for each entry of the tree with `exclude`, and for each selected entry with `include`. */
  async met(option: Option, path: string, isDirectory: boolean, turns: Turns): Promise<void> {
    if (option === 'exclude' && path.includes('/')) await this.metBelow(path, isDirectory, turns);
    for (const { use, directory } of this.named[option].get(path) ?? []) {
      if (isDirectory || !directory) this.uses.delete(use);
    }
    for (const entry of this.globs[option]) {
      if (turns.due(path.length)) await turns.take();
      const isMatched = entry.globs.some((glob) => glob.matches(path, isDirectory));
      if (isMatched || !this.uses.has(entry.use)) this.globs[option].delete(entry);
      if (isMatched) this.uses.delete(entry.use);
    }
  }

  private async metBelow(path: string, isDirectory: boolean, turns: Turns): Promise<void> {
    const name = path.slice(path.lastIndexOf('/') + 1);
    for (const { use, directory } of this.named.exclude.get(name) ?? []) {
      if ((isDirectory || !directory) && this.aboutTop.has(use)) this.missed.add(use);
    }
    for (const entry of this.globsBelow) {
      if (turns.due(name.length)) await turns.take();
      if (!entry.globs.some((glob) => glob.matches(name, isDirectory))) continue;
      this.missed.add(entry.use);
      this.globsBelow.delete(entry);
    }
  }

  /** The pattern that was probably meant: it would have matched something, or more than at the top. */
  meant(use: PatternUse): string | undefined {
    return this.missed.has(use) ? `**/${use.pattern}` : undefined;
  }

  /** Patterns with wildcards that have matched at the top and would also have matched below it. */
  get topOnly(): readonly PatternUse[] {
    return [...this.missed].filter((use) => !this.uses.has(use) && use.forms.some((form) => 'glob' in form));
  }

  /** Patterns that have matched nothing so far. */
  get left(): readonly PatternUse[] {
    return [...this.uses];
  }
}

interface Named {
  use: PatternUse;
  directory: boolean;
}

interface Globs {
  use: PatternUse;
  globs: Glob[];
}
