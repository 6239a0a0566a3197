import { join, parentOf, type RawPath } from '../api/names.ts';
import { statAtSource } from '../fs/directories.ts';
import { entryError, toCopyError, toFailure } from '../fs/entry-error.ts';
import type { Stat } from '../fs/file-system.ts';
import { Batches } from './batches.ts';
import { CallbackError } from './callbacks.ts';
import { toGlob } from './glob-names.ts';
import { type Listing, scan } from './scan.ts';
import { liesIn, SubtreeFilter } from './subtree-filter.ts';
import { Cancelled, Turns } from './turns.ts';

/** Cost of looking up a path, in matched characters. */
const STAT_COST = 1000;

/**
 * Lists only the given paths that the patterns select, in their order, each once; a directory among them is created, but not
 * entered. `.gitignore` files do not apply: the paths were named explicitly.
 */
export async function listGiven(listing: Listing, paths: readonly RawPath[]): Promise<void> {
  await listPaths(listing, paths, () => {});
  listing.found.complete = !listing.listener.cancelled();
}

/**
 * Lists the paths of an earlier run's failures in the same way, but a directory with all below it: how far that run had come in it
 * is unknown. '' is the whole source.
 */
export async function listAgain(listing: Listing, paths: readonly RawPath[]): Promise<void> {
  const { options, found, listener } = listing;
  if (paths.includes('')) return scan(listing);
  const all = new Set(paths);
  const outermost = paths.filter((path) => !liesIn(all, parentOf(path)));
  const directories = new Set<RawPath>();
  await listPaths(listing, outermost, (path) => directories.add(path));
  if (directories.size > 0 || options.observer !== undefined)
    await scan({ ...listing, options: { ...options, within: new SubtreeFilter(directories) } });
  else found.complete = !listener.cancelled();
}

async function listPaths(
  { fs, tree, options, found, listener }: Listing,
  paths: readonly RawPath[],
  onDirectory: (path: RawPath) => void,
): Promise<void> {
  const batches = new Batches(options, found, listener);
  const { patterns, callbacks } = options.selection;
  const turns = new Turns(listener.cancelled);
  const seen = new Set<RawPath>();
  for (const given of paths) {
    if (listener.cancelled()) return;
    let isWanted = true;
    try {
      if (turns.due(given.length + STAT_COST)) await turns.take();
      const [dir, name] = split(given);
      const path = join(dir, name);
      if (name === '' || seen.has(path)) continue;
      seen.add(path);
      isWanted = await patterns.selects(toGlob(path), false, turns);
      const stat = await options.retries.run(
        () => statAtSource(fs, options.dereference, tree.open(dir), name),
        listener.cancelled,
      );
      if (stat === null) throw entryError(path, 'source', 'stat', 'ENOENT', 'no such file or directory');
      if (stat.type === 'd') onDirectory(path);
      if (stat.type === 'd') isWanted = await patterns.selects(toGlob(path), true, turns);
      if (isWanted && callbacks !== null) isWanted = await callbacks.selects(path, stat.type, turns);
      if (isWanted) batches.add(dir, name, stat.type, sizeOf(stat));
    } catch (error) {
      if (error instanceof Cancelled) return;
      if (error instanceof CallbackError) throw error.cause;
      if (!isWanted) continue;
      // The given path, although one of its parent directories may be the missing one.
      listener.failed({ ...toFailure(toCopyError(error, given, 'source', 'stat'), given), path: given });
    }
    await batches.room();
  }
  await batches.end();
}

// `./a//b/` is `a/b`. A path that leaves the source is refused.
function split(given: RawPath): [dir: RawPath, name: RawPath] {
  const parts = given.split('/').filter((part) => part !== '' && part !== '.');
  if (given.startsWith('/') || parts.includes('..')) {
    throw entryError(given, 'source', 'select', 'EPCOPY_OUTSIDE', 'is not a path inside the source');
  }
  const name = parts.pop() ?? '';
  return [parts.join('/'), name];
}

function sizeOf(stat: Stat): number {
  return stat.type === 'f' ? stat.size : 0;
}
