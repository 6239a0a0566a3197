import { join, type RawPath } from '../api/names.ts';
import type { FileSystem, Handle, TypeLetter } from '../fs/file-system.ts';
import { codeOf } from '../fs/system-error.ts';
import { AncestorStack } from './ancestor-stack.ts';
import { parseGitignore, type Rule } from './gitignore-pattern.ts';
import type { ListedEntry } from './tree-adapter.ts';

/** Longer ones are not read to their end: no person wrote them. */
const MAX_BYTES = 16 * 1024 * 1024;

/** Whether an entry of the directory `dir`, or of one below it, is ignored; `dir` itself is not. */
export type IsIgnored = (dir: RawPath, name: RawPath, type: TypeLetter) => boolean;

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

  /** The entries that are not ignored. Directories are to be asked about depth first. */
  select(dir: RawPath, handle: Handle, entries: ListedEntry[]): ListedEntry[] {
    const all = this.above.to(dir);
    this.current = all;
    const text = this.read(dir, handle, entries);
    const rules = text === null ? [] : parseGitignore(text);
    if (rules.length > 0) this.above.push(dir, { dir, rules });
    return all.length === 0 ? entries : entries.filter((entry) => !isIgnored(all, entry.dir, entry.raw, entry.type));
  }

  /** What the rules that hold in the directory that was asked about last say; null: nothing. */
  rules(): IsIgnored | null {
    const all = [...this.current];
    return all.length === 0 ? null : (...entry) => isIgnored(all, ...entry);
  }
}

// The file nearest to the entry has the word, in it the last line that matches.
function isIgnored(all: readonly Rules[], entryDir: RawPath, name: RawPath, type: TypeLetter): boolean {
  for (let i = all.length - 1; i >= 0; i--) {
    const { dir, rules } = all[i] as Rules;
    let path: RawPath | undefined;
    for (let k = rules.length - 1; k >= 0; k--) {
      const { negated, directory, wholePath, expression } = rules[k] as Rule;
      if (directory && type !== 'd') continue;
      if (wholePath) path ??= join(entryDir, name).slice(dir === '' ? 0 : dir.length + 1);
      if (expression.test(wholePath ? (path ?? '') : name)) return !negated;
    }
  }
  return false;
}

/** The text of a `.gitignore` that is a regular file, or null. Git does not follow a link there either. */
export function readGitignore(fs: FileSystem, dir: Handle): RawPath | null {
  let handle: Handle;
  try {
    if (fs.statAt(dir, '.gitignore')?.type !== 'f') return null;
    handle = fs.openRead(dir, '.gitignore');
  } catch (error) {
    if (codeOf(error) === 'ENOENT' || codeOf(error) === 'ELOOP') return null;
    throw error;
  }
  try {
    const { size } = fs.stat(handle);
    const buffer = Buffer.alloc(Math.min(size, MAX_BYTES));
    let length = 0;
    for (let n = -1; n !== 0 && length < buffer.length; length += n) {
      n = fs.read(handle, buffer, length, buffer.length - length, length);
    }
    return buffer.toString('latin1', 0, length);
  } finally {
    fs.close(handle);
  }
}
