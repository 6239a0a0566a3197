import type { Config } from '../api/config.ts';
import { UsageError } from '../api/errors.ts';
import { bothNames, join, type RawPath } from '../api/names.ts';
import type { SourceEntry } from '../api/options.ts';
import { entryError } from '../fs/entry-error.ts';
import type { TypeLetter } from '../fs/file-system.ts';
import { kindOf } from '../protocol/kind.ts';
import type { ListedEntry } from './tree-adapter.ts';
import { type Turns, unlessCancelled } from './turns.ts';

/** Wraps what a user's function threw, so that no handler in between mistakes it for an error of its own. */
export class CallbackError extends Error {
  override name = 'CallbackError';
}

/** Calls the user's functions, one entry at a time. */
export class Callbacks {
  private readonly config: Pick<Config, 'filter' | 'rename'>;
  private readonly cancelled: () => boolean;
  /** Paths with old and new names of the directories that have a new name or lie below one that has. */
  private readonly renamed = new Map<RawPath, RawPath>();

  constructor(config: Pick<Config, 'filter' | 'rename'>, cancelled: () => boolean) {
    this.config = config;
    this.cancelled = cancelled;
  }

  async selects(path: RawPath, type: TypeLetter, turns: Turns): Promise<boolean> {
    const { filter } = this.config;
    if (filter === null) return true;
    const wanted = await this.ask('filter', filter, entryOf(path, type), turns);
    if (typeof wanted !== 'boolean') throw misused('filter', wanted, 'true or false');
    return wanted;
  }

  /** The path of a directory with its new names. */
  withNames(dir: RawPath): RawPath {
    return this.renamed.get(dir) ?? dir;
  }

  /**
   * Renames the entries of one directory.
   * @param refused is called for each entry whose new name is not valid; these are left out
   */
  async rename(
    dir: RawPath,
    entries: ListedEntry[],
    turns: Turns,
    refused: (error: unknown, path: RawPath) => void,
  ): Promise<ListedEntry[]> {
    const { rename } = this.config;
    if (rename === null) return entries;
    for (const entry of entries) {
      const name = await this.ask('rename', rename, entryOf(join(dir, entry.raw), entry.type), turns);
      if (typeof name !== 'string') throw misused('rename', name, 'a name');
      entry.as = name;
    }
    // An entry that keeps its name takes precedence over those that get it.
    const taken = new Set(entries.filter(({ raw, as }) => raw === as).map(({ raw }) => raw));
    return entries.filter((entry) => {
      const { raw, as, type } = entry;
      const why = raw === as ? null : whyNot(as, taken);
      if (why !== null) refused(entryError(join(dir, raw), 'source', 'rename', 'EPCOPY_NAMES', why), join(dir, raw));
      else taken.add(as);
      const renamedPath = join(this.withNames(dir), bothNames(raw, as));
      if (type === 'd' && renamedPath !== join(dir, raw)) this.renamed.set(join(dir, raw), renamedPath);
      return why === null;
    });
  }

  private async ask<T>(
    name: string,
    callback: (entry: SourceEntry) => T | Promise<T>,
    entry: SourceEntry,
    turns: Turns,
  ): Promise<T> {
    if (turns.due(entry.path.length)) await turns.take();
    try {
      const answer = callback(entry);
      // Not `instanceof Promise`: Jest has a Promise class of its own.
      if (typeof answer !== 'object' || answer === null) return answer;
      // A promise that never settles must not keep the run from ending.
      return await unlessCancelled(Promise.resolve(answer), this.cancelled);
    } catch (error) {
      if (this.cancelled()) throw error;
      throw new CallbackError(`${name} threw`, { cause: error });
    }
  }
}

function entryOf(path: RawPath, type: TypeLetter): SourceEntry {
  return { path, name: path.slice(path.lastIndexOf('/') + 1), kind: kindOf(type) };
}

function whyNot(name: RawPath, taken: ReadonlySet<RawPath>): string | null {
  if (name === '' || name === '.' || name === '..') return "the new name is empty, '.' or '..'";
  if (/[/\0\u0100-\uffff]/.test(name) || (process.platform === 'win32' && /[\\:]/.test(name)))
    return 'the new name contains a slash, a NUL or a character beyond one byte (a name has one character per byte: see fromText)';
  return taken.has(name) ? 'another entry has the new name' : null;
}

function misused(name: string, got: unknown, takes: string): Error {
  const error = new UsageError(`${name}: returned ${String(got)}, is to return ${takes}`);
  return new CallbackError(error.message, { cause: error });
}
