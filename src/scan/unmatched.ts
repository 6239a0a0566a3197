import type { Glob } from './glob-form.ts';
import type { PatternUse } from './selection.ts';
import type { Turns } from './turns.ts';

type Option = PatternUse['option'];

/** Notices which patterns were of use. Each is asked only until it has matched once. */
export class Unmatched {
  private readonly uses: Set<PatternUse>;
  private readonly named = { include: new Map<string, Named[]>(), exclude: new Map<string, Named[]>() };
  private readonly globs = { include: new Set<Globs>(), exclude: new Set<Globs>() };

  constructor(uses: readonly PatternUse[]) {
    this.uses = new Set(uses);
    for (const use of uses) {
      const globs: Glob[] = [];
      const named = this.named[use.option];
      for (const form of use.forms) {
        if ('glob' in form) globs.push(form.glob);
        else named.set(form.literal, [...(named.get(form.literal) ?? []), { use, directory: form.directory }]);
      }
      if (globs.length > 0) this.globs[use.option].add({ use, globs });
    }
  }

  /** An entry of the tree, for the excludes; one that is selected, for the includes. */
  async met(option: Option, path: string, isDirectory: boolean, turns: Turns): Promise<void> {
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

  /** Those that have matched nothing so far. */
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
