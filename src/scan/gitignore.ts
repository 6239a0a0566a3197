import type { CopyError } from '../api/errors.ts';
import { join, type RawPath } from '../api/names.ts';
import { entryError } from '../fs/entry-error.ts';
import { type FileSystem, type Handle, type TypeLetter, withHandle } from '../fs/file-system.ts';
import { orNull } from '../fs/system-error.ts';
import { AncestorStack } from './ancestor-stack.ts';
import { parseGitignore, type Rule } from './gitignore-pattern.ts';
import type { ListedEntry } from './tree-adapter.ts';
import type { Turns } from './turns.ts';

/** Larger files are refused: reading only a part would change what is ignored. Hand-written files are far smaller. */
const MAX_BYTES = 1024 * 1024;
/** Rules of a directory's own file and those above it: each is matched with every path. */
const MAX_RULES = 10_000;

/** Whether an entry of `dir` or below it is ignored; `dir` itself is not. */
export type IsIgnored = (dir: RawPath, name: RawPath, type: TypeLetter) => Promise<boolean>;

interface Rules {
  dir: RawPath;
  rules: Rule[];
}

/**
 * The rules of the `.gitignore` files of the root and the directories below it; those above the root are not read.
 * A file that matches a rule is ignored even if git tracks it. `.git` itself is copied, because no rule is about it and a
 * repository without it has lost its history: leaving it out takes `--exclude '**\/.git'`.
 */
export class Gitignore {
  private readonly above = new AncestorStack<Rules>();
  private current: readonly Rules[] = [];
  private readonly read: (dir: RawPath, handle: Handle, entries: readonly ListedEntry[]) => RawPath | null;

  /** @param read returns the text of the directory's own file, or null */
  constructor(read: (dir: RawPath, handle: Handle, entries: readonly ListedEntry[]) => RawPath | null) {
    this.read = read;
  }

  /** Call it for each directory, depth first, before `ignores` for its entries. Throws for an unusable file. */
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

  /** Whether an entry of the directory that was entered last is ignored. */
  ignores({ dir, raw, type }: ListedEntry, turns: Turns): Promise<boolean> {
    return isIgnored(this.current, dir, raw, type, turns);
  }

  /** The rules that apply in the directory that was entered last; null: none. */
  rules(turns: Turns): IsIgnored | null {
    const all = [...this.current];
    return all.length === 0 ? null : (...entry) => isIgnored(all, ...entry, turns);
  }
}

// The file nearest to the entry decides, and in it the last line that matches.
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

/** The text of a `.gitignore` that is a regular file, or null. Like git, it does not follow a link. */
export function readGitignore(fs: FileSystem, dir: Handle): RawPath | null {
  if (fs.statAt(dir, '.gitignore')?.type !== 'f') return null;
  const handle = orNull(() => fs.openRead(dir, '.gitignore'), 'ENOENT', 'ELOOP');
  return handle === null ? null : withHandle(fs, handle, () => readText(fs, handle));
}

function readText(fs: FileSystem, handle: Handle): RawPath {
  const { size } = fs.stat(handle);
  if (size > MAX_BYTES) throw unusable(`has ${size} bytes, more than ${MAX_BYTES}`);
  const buffer = Buffer.alloc(size);
  let length = 0;
  for (let n = -1; n !== 0 && length < buffer.length; length += n) {
    n = fs.read(handle, buffer, length, buffer.length - length, length);
  }
  return buffer.toString('latin1', 0, length);
}
