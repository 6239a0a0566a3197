import glob from 'fast-glob';
import type { Chain } from '../copy/chain.ts';
import type { FileSystem } from '../fs/file-system.ts';
import { fromText, type RawPath } from '../names.ts';
import { type AdapterOptions, fromGlob, type ListedEntry, readdirFor, toGlob, VIRTUAL_ROOT } from './tree-adapter.ts';

/** Which entries are wanted: fast-glob patterns over paths relative to the root, as the user typed them. */
export interface Selection {
  include: readonly string[];
  exclude: readonly string[];
}

/**
 * Lists a tree and calls back for each selected entry; the entries of one directory come one after the other.
 * Resolves when the listing has ended. What cannot be listed goes to `options.onError`.
 */
export async function walk(
  fs: FileSystem,
  tree: Chain,
  selection: Selection,
  options: AdapterOptions,
  entry: (dir: RawPath, name: RawPath, listed: ListedEntry) => void,
): Promise<void> {
  const everything = selection.include.length === 0 && selection.exclude.length === 0;
  // Matching every name against `**` and handing it through a stream costs more than listing it: with nothing to select,
  // fast-glob gets to see the directories only, and drives the walk.
  const readdir = readdirFor(fs, tree, options, everything ? entry : null);
  const stream = glob.stream(selection.include.length === 0 ? ['**'] : selection.include.map(dynamic), {
    cwd: VIRTUAL_ROOT,
    ignore: selection.exclude.flatMap(withContents),
    dot: true,
    onlyFiles: false,
    unique: selection.include.length > 1,
    objectMode: true,
    followSymbolicLinks: false,
    // The adapter is synchronous: more at once would only hold more names in memory.
    concurrency: 1,
    fs: { readdir: readdir as unknown as typeof import('node:fs').readdir },
  });
  await new Promise<void>((resolve, reject) => {
    stream.on('data', (found: unknown) => {
      if (everything) return;
      const { path, name, dirent } = found as { path: string; name: string; dirent: ListedEntry };
      const dir = path.length === name.length ? '' : path.slice(0, -name.length - 1);
      entry(fromGlob(dir), fromGlob(name), dirent);
    });
    stream.once('end', resolve);
    stream.once('error', reject);
  });
}

// Excluding a directory excludes what is in it; only this form keeps fast-glob from entering it.
function withContents(pattern: string): string[] {
  const raw = toGlob(fromText(pattern));
  return [raw, `${raw.replace(/\/+$/, '')}/**`];
}

// Patterns without magic would be looked up by stat, past the adapter: a group around the last name makes them magic.
function dynamic(pattern: string): string {
  const raw = toGlob(fromText(pattern)).replace(/^\.\//, '');
  if (glob.isDynamicPattern(raw)) return raw;
  return raw.replace(/([^/]+)(\/*)$/, '@($1)$2');
}
