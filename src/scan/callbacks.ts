import type { Config } from '../api/config.ts';
import { UsageError } from '../api/errors.ts';
import { bothNames, join, type RawPath } from '../api/names.ts';
import type { SourceEntry } from '../api/options.ts';
import { entryError } from '../fs/entry-error.ts';
import type { TypeLetter } from '../fs/file-system.ts';
import { kindOf } from '../protocol/kind.ts';
import type { ListedEntry } from './tree-adapter.ts';
import { type Turns, unlessCancelled } from './turns.ts';

/** What a program's function threw: nothing between it and the caller is to take it for something of its own. */
export class CallbackThrew extends Error {
  override name = 'CallbackThrew';
}

/** Asks the functions that a program has given, one entry after the other. */
export class Callbacks {
  private readonly config: Pick<Config, 'filter' | 'rename'>;
  private readonly cancelled: () => boolean;
  /** Directories whose way to the destination has other names: with both. */
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

  /** The path of a directory with the names that it gets. */
  withNames(dir: RawPath): RawPath {
    return this.renamed.get(dir) ?? dir;
  }

  /**
   * Gives the entries of one directory the names that they are to have.
   * @param refused is called for each whose name cannot be, which is left out
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
    // Who keeps its name has it, whatever the others are called.
    const taken = new Set(entries.filter(({ raw, as }) => raw === as).map(({ raw }) => raw));
    return entries.filter((entry) => {
      const { raw, as, type } = entry;
      const why = raw === as ? null : whyNot(as, taken);
      if (why !== null) refused(entryError(join(dir, raw), 'source', 'rename', 'EPCOPY_NAMES', why), join(dir, raw));
      else taken.add(as);
      const way = join(this.withNames(dir), bothNames(raw, as));
      if (type === 'd' && way !== join(dir, raw)) this.renamed.set(join(dir, raw), way);
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
      // Not by its class: Jest gives a program a Promise of its own.
      if (typeof answer !== 'object' || answer === null) return answer;
      // One that is never settled must not keep the run from its end.
      return await unlessCancelled(Promise.resolve(answer), this.cancelled);
    } catch (error) {
      if (this.cancelled()) throw error;
      throw new CallbackThrew(`${name} threw`, { cause: error });
    }
  }
}

function entryOf(path: RawPath, type: TypeLetter): SourceEntry {
  return { path, name: path.slice(path.lastIndexOf('/') + 1), kind: kindOf(type) };
}

function whyNot(name: RawPath, taken: ReadonlySet<RawPath>): string | null {
  if (name === '' || name === '.' || name === '..') return 'its new name is none';
  if (/[/\0\u0100-\uffff]/.test(name) || (process.platform === 'win32' && /[\\:]/.test(name)))
    return 'its new name holds what no name can (a name is bytes, one character each: see fromText)';
  return taken.has(name) ? 'another entry has its new name' : null;
}

function misused(name: string, got: unknown, takes: string): Error {
  const error = new UsageError(`${name}: returned ${String(got)}, is to return ${takes}`);
  return new CallbackThrew(error.message, { cause: error });
}
