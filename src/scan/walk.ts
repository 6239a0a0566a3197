import { bothNames, join, type RawPath } from '../api/names.ts';
import type { DirHandleCache } from '../fs/dir-handle-cache.ts';
import type { FileSystem, TypeLetter } from '../fs/file-system.ts';
import { monotonicMs } from '../protocol/monotonic-clock.ts';
import type { Callbacks } from './callbacks.ts';
import { DirectoryStack } from './directory-stack.ts';
import type { Gitignore, IsIgnored } from './gitignore.ts';
import type { GlobEntry } from './glob.ts';
import { fromGlob } from './glob-names.ts';
import { Lister, type ListerOptions } from './lister.ts';
import type { Patterns } from './selection.ts';
import type { Filter, ListedEntry, Select } from './tree-adapter.ts';
import { Turns } from './turns.ts';
import type { Unmatched } from './unmatched.ts';

/** Takes an entry. `size` is in bytes, null where it is not known. */
export type Visit = (dir: RawPath, name: RawPath, type: TypeLetter, size: number | null) => void;

export interface WalkOptions extends ListerOptions {
  /** Directories that are read concurrently on slow storage. */
  inFlight: number;
  /** Read the size of every file. */
  sizes: boolean;
  /** Resolves when the pipeline takes more entries. */
  gate: () => Promise<void>;
  /** May drop entries of a directory that has just been listed and is still open. */
  select?: Select;
}

/** Which entries are wanted. */
export interface Selection {
  patterns: Patterns;
  gitignore: Gitignore | null;
  /** Is called with each entry that patterns could match. */
  unmatched: Unmatched | null;
  callbacks: Callbacks | null;
}

/**
 * Lists a tree, depth first, and visits each selected entry; the entries of one directory come consecutively. Resolves when the
 * listing has ended. Errors go to `options.onError`.
 */
export async function walk(
  fs: FileSystem,
  tree: DirHandleCache,
  selection: Selection,
  options: WalkOptions,
  visit: Visit,
): Promise<void> {
  const { patterns, gitignore, unmatched, callbacks } = selection;
  const isWhole = patterns.all && !gitignore && !unmatched && !callbacks && options.select === undefined;
  await (isWhole ? walkWhole(fs, tree, options, visit) : walkSelected(fs, tree, selection, options, visit));
}

// Without patterns fast-glob is only overhead: 20 ms to load, and several times the cost of the listing for each entry.
async function walkWhole(fs: FileSystem, tree: DirHandleCache, options: WalkOptions, visit: Visit): Promise<void> {
  const { listed } = options;
  const lister = new Lister(fs, tree, options);
  // With these options the listing itself decides which directories it enters.
  const enters = !options.dereference && !options.oneFileSystem;
  const pending = new DirectoryStack<null>(fs, tree.root, { ...options, enters });
  try {
    pending.push('', null);
    for (;;) {
      await options.gate();
      const next = pending.pop();
      if (next === undefined) return;
      const { dir, isEntered } = next;
      const fromMs = listed && monotonicMs();
      const entries = await lister.list(dir, await pending.answer(next), toEntry);
      if (fromMs !== undefined) listed?.(dir, fromMs);
      // By index: `of` makes an object for each until V8 has compiled it.
      for (let at = 0; at < entries.length; at++) {
        const entry = entries[at] as Entry;
        const { name, type } = entry;
        if (entry.broken === undefined) visit(dir, name, type, entry.size);
        else options.onError(entry.broken, join(dir, name));
        if (type === 'd' && !isEntered) pending.push(join(dir, name), null);
      }
    }
  } finally {
    pending.close();
  }
}

type Entry = ReturnType<typeof toEntry>;

function toEntry(name: RawPath, type: TypeLetter, size: number | null, broken?: unknown) {
  return { name, type, size, broken };
}

async function walkSelected(
  fs: FileSystem,
  tree: DirHandleCache,
  selection: Selection,
  options: WalkOptions,
  visit: Visit,
): Promise<void> {
  const [{ globStream }, { readdirFor }] = await Promise.all([import('./glob.ts'), import('./tree-adapter.ts')]);
  const { gitignore, callbacks } = selection;
  const turns = new Turns(options.cancelled);
  const select: Select = (dir, handle, entries) => {
    gitignore?.enter(dir, handle, entries);
    return options.select?.(dir, handle, entries) ?? entries;
  };
  const ignored = (): IsIgnored | null => gitignore?.rules(turns) ?? null;
  const filter: Filter = async (entries, path) => {
    const kept = await selectListed(selection, entries, path, turns);
    return callbacks?.rename(fromGlob(path), kept, turns, options.onError) ?? kept;
  };
  const stream = globStream(readdirFor(fs, tree, { ...options, select, ignored }, filter));
  await new Promise<void>((resolve, reject) => {
    stream.on('data', (found: unknown) => {
      const { dirent } = found as GlobEntry;
      const { dir, raw, as, type, size, broken } = dirent;
      if (broken !== undefined) options.onError(broken, join(dir, raw));
      else if (dirent.selected) visit(callbacks?.withNames(dir) ?? dir, bothNames(raw, as), type, size);
    });
    stream.once('end', resolve);
    stream.once('error', reject);
  });
}

async function selectListed(
  { patterns, gitignore, unmatched, callbacks }: Selection,
  entries: readonly ListedEntry[],
  dir: string,
  turns: Turns,
): Promise<ListedEntry[]> {
  const kept: ListedEntry[] = [];
  for (const entry of entries) {
    const path = join(dir, entry.name);
    const isDirectory = entry.isDirectory();
    if (unmatched !== null) await unmatched.met('exclude', path, isDirectory, turns);
    if (!patterns.all && (await patterns.excludes(path, isDirectory, turns))) continue;
    if (gitignore !== null && (await gitignore.ignores(entry, turns))) continue;
    entry.selected = patterns.all || (await patterns.includes(path, isDirectory, turns));
    if (entry.selected && unmatched !== null) await unmatched.met('include', path, isDirectory, turns);
    entry.entered = isDirectory && (patterns.all || (await patterns.mayHold(path, turns)));
    if (!entry.selected && !entry.entered) continue;
    if (callbacks === null || (await callbacks.selects(join(entry.dir, entry.raw), entry.type, turns)))
      kept.push(entry);
  }
  return kept;
}
