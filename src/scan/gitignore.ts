import type { CopyError } from '../api/errors.ts';
import { join, type RawPath } from '../api/names.ts';
import { entryError } from '../fs/entry-error.ts';
import type { FileSystem, Handle, TypeLetter } from '../fs/file-system.ts';
import { orNull } from '../fs/system-error.ts';
import { AncestorStack } from './ancestor-stack.ts';
import { parseGitignore, type Rule } from './gitignore-pattern.ts';
import type { ListedEntry } from './tree-adapter.ts';
import type { Turns } from './turns.ts';

/** No person writes more, and what a rule leaves out must not depend on how far a file was read. */
const MAX_BYTES = 1024 * 1024;
/** Of a directory's own file and those above it: each is tried with every path. */
const MAX_RULES = 10_000;

/** Whether an entry of the directory `dir`, or of one below it, is ignored; `dir` itself is not. */
export type IsIgnored = (dir: RawPath, name: RawPath, type: TypeLetter) => Promise<boolean>;

interface Rules {
  dir: RawPath;
  rules: Rule[];
}

/**
 * What `.gitignore` files say, those of the root and of the directories below it: what lies above the root is not asked.
 * A file that is tracked by git although it is ignored is ignored here. `.git` itself is copied, since no rule speaks of it
 * and a repository without it has lost its history: leaving it out takes `--exclude '**\/.git'`.
 */
export class Gitignore {
  private readonly above = new AncestorStack<Rules>();
  private current: readonly Rules[] = [];
  private readonly read: (dir: RawPath, handle: Handle, entries: readonly ListedEntry[]) => RawPath | null;

  /** @param read the text of the directory's own file, or null */
  constructor(read: (dir: RawPath, handle: Handle, entries: readonly ListedEntry[]) => RawPath | null) {
    this.read = read;
  }

  /** To be called for each directory, depth first, before its entries are asked about. Throws for a file that is of no use. */
  enter(dir: RawPath, handle: Handle, entries: readonly ListedEntry[]): void {
    const above = this.above.to(dir);
    this.current = above;
    const text = this.read(dir, handle, entries);
    const rules = text === null ? [] : parse(text);
    const count = above.reduce((sum, { rules }) => sum + rules.length, rules.length);
    if (count > MAX_RULES)
      throw unusable(`has ${count} rules with those of the directories above, more than ${MAX_RULES}`);
    if (rules.length > 0) this.above.push(dir, { dir, rules });
  }

  /** Of an entry of the directory that was entered last. */
  ignores({ dir, raw, type }: ListedEntry, turns: Turns): Promise<boolean> {
    return isIgnored(this.current, dir, raw, type, turns);
  }

  /** What the rules that hold in the directory that was entered last say; null: nothing. */
  rules(turns: Turns): IsIgnored | null {
    const all = [...this.current];
    return all.length === 0 ? null : (...entry) => isIgnored(all, ...entry, turns);
  }
}

// The file nearest to the entry has the word, in it the last line that matches.
async function isIgnored(
  all: readonly Rules[],
  ...[entryDir, name, type, turns]: [...entry: Parameters<IsIgnored>, turns: Turns]
): Promise<boolean> {
  for (let i = all.length - 1; i >= 0; i--) {
    const { dir, rules } = all[i] as Rules;
    const path = join(entryDir, name).slice(dir === '' ? 0 : dir.length + 1);
    for (let k = rules.length - 1; k >= 0; k--) {
      const { negated, directory, wholePath, matches } = rules[k] as Rule;
      if (directory && type !== 'd') continue;
      const subject = wholePath ? path : name;
      if (turns.due(subject.length)) await turns.take();
      if (matches(subject)) return !negated;
    }
  }
  return false;
}

function parse(text: RawPath): Rule[] {
  try {
    return parseGitignore(text);
  } catch (error) {
    throw error instanceof SyntaxError ? unusable(error.message) : error;
  }
}

function unusable(why: string): CopyError {
  return entryError('', 'source', 'read', 'EPCOPY_GITIGNORE', `.gitignore ${why}`);
}

/** The text of a `.gitignore` that is a regular file, or null. Git does not follow a link there either. */
export function readGitignore(fs: FileSystem, dir: Handle): RawPath | null {
  if (fs.statAt(dir, '.gitignore')?.type !== 'f') return null;
  const handle = orNull(() => fs.openRead(dir, '.gitignore'), 'ENOENT', 'ELOOP');
  if (handle === null) return null;
  try {
    const { size } = fs.stat(handle);
    if (size > MAX_BYTES) throw unusable(`has ${size} bytes, more than ${MAX_BYTES}`);
    const buffer = Buffer.alloc(size);
    let length = 0;
    for (let n = -1; n !== 0 && length < buffer.length; length += n) {
      n = fs.read(handle, buffer, length, buffer.length - length, length);
    }
    return buffer.toString('latin1', 0, length);
  } finally {
    fs.close(handle);
  }
}
