import type { FileSystem } from '../fs/file-system.ts';
import { join } from '../names.ts';
import type { Chain } from '../tree/chain.ts';
import type { Gitignore } from './gitignore.ts';
import { type GlobEntry, globStream } from './glob.ts';
import type { Patterns } from './patterns.ts';
import { type AdapterOptions, type ListedEntry, readdirFor } from './tree-adapter.ts';
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
  options: AdapterOptions,
  entry: (listed: ListedEntry) => void,
): Promise<void> {
  const { patterns, gitignore, unmatched } = selection;
  const select = (...[dir, handle, entries, path]: Parameters<Select>): ListedEntry[] =>
    selectListed(selection, dir, handle, options.select?.(dir, handle, entries, path) ?? entries, path);
  const { select: none, ...plain } = options;
  const isPlain = none === undefined && patterns.excludedDirectory === null && !gitignore && !unmatched;
  const stream = globStream(patterns, readdirFor(fs, tree, isPlain ? plain : { ...plain, select }));
  await new Promise<void>((resolve, reject) => {
    stream.on('data', (found: unknown) => {
      const { path, dirent } = found as GlobEntry;
      unmatched?.selected(path, dirent);
      entry(dirent);
    });
    stream.once('end', resolve);
    stream.once('error', reject);
  });
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
