import type { FileSystem } from '../fs/file-system.ts';
import { join } from '../names.ts';
import type { Chain } from '../tree/chain.ts';
import type { Gitignore } from './gitignore.ts';
import { type GlobEntry, globStream } from './glob.ts';
import type { Patterns } from './patterns.ts';
import { type AdapterOptions, type ListedEntry, readdirFor, type Visit } from './tree-adapter.ts';
import type { Unmatched } from './unmatched.ts';

type Select = NonNullable<AdapterOptions['select']>;

/** Which entries are wanted. */
export interface Selection {
  patterns: Patterns;
  gitignore: Gitignore | null;
  /** Is told what there is to match. */
  unmatched: Unmatched | null;
}

/**
 * Lists a tree, depth first, and calls back for each selected entry; the entries of one directory come one after the
 * other. Resolves when the listing has ended. What cannot be listed goes to `options.onError`.
 */
export async function walk(
  fs: FileSystem,
  tree: Chain,
  selection: Selection,
  options: Omit<AdapterOptions, 'visit'>,
  visit: Visit,
): Promise<void> {
  const { patterns, unmatched } = selection;
  const select = (...[dir, handle, entries, path]: Parameters<Select>): ListedEntry[] =>
    selectListed(selection, dir, handle, options.select?.(dir, handle, entries, path) ?? entries, path);
  const isWhole = options.select === undefined && wantsAll(selection);
  const stream = globStream(patterns, readdirFor(fs, tree, isWhole ? { ...options, visit } : { ...options, select }));
  await new Promise<void>((resolve, reject) => {
    stream.on('data', (found: unknown) => {
      if (isWhole) return;
      const { path, dirent } = found as GlobEntry;
      unmatched?.selected(path, dirent);
      visit(dirent.dir, dirent.raw, dirent.type, dirent.size);
    });
    stream.once('end', resolve);
    stream.once('error', reject);
  });
}

function wantsAll({ patterns, gitignore, unmatched }: Selection): boolean {
  return patterns.all && gitignore === null && unmatched === null;
}

// What fast-glob cannot leave out by itself.
function selectListed(
  { patterns, gitignore, unmatched }: Selection,
  ...[dir, handle, entries, path]: Parameters<Select>
): ListedEntry[] {
  unmatched?.listed(path, entries);
  const { excludedDirectory } = patterns;
  const kept =
    excludedDirectory === null
      ? entries
      : entries.filter((entry) => !(entry.isDirectory() && excludedDirectory(join(path, entry.name))));
  return gitignore === null ? kept : gitignore.select(dir, handle, kept);
}
