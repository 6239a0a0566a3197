import type { Config } from '../api/config.ts';
import { join, type RawPath } from '../api/names.ts';
import { DirHandleCache } from '../fs/dir-handle-cache.ts';
import { heldHandles } from '../fs/directories.ts';
import { entryError } from '../fs/entry-error.ts';
import type { FileSystem, Handle } from '../fs/file-system.ts';
import { Retries } from '../fs/retry.ts';
import { codeOf } from '../fs/system-error.ts';
import { isAbandoned } from '../fs/temporary-name.ts';
import { foldName } from '../plan/case-collisions.ts';
import { foldsNames } from '../plan/case-sensitivity.ts';
import { manifestWithin } from '../plan/manifest-place.ts';
import type { Plan } from '../plan/prepare.ts';
import type { DeleteJob } from '../protocol/jobs.ts';
import type { Reporter } from '../report/reporter.ts';
import { Gitignore, readGitignore } from './gitignore.ts';
import { Removals } from './removals.ts';
import type { Patterns } from './selection.ts';
import { SourceNames } from './source-names.ts';
import type { ListedEntry } from './tree-adapter.ts';
import { walk } from './walk.ts';

/**
 * Finds what the destination has and the source has not, within what the filters select: what they leave out stays, with
 * the directories it lies in. Nothing, after a failure at the source: what could not be read there may be what seems
 * extraneous here.
 */
export async function findDeletions(
  fs: FileSystem,
  plan: Plan,
  config: Config,
  patterns: Patterns,
  reporter: Reporter,
): Promise<DeleteJob[]> {
  if (reporter.ended || plan.single !== null || !plan.merged) return [];
  if (reporter.deletesNothing !== null) {
    reporter.warn('', 'EPCOPY_DELETE', `nothing is deleted, because ${reporter.deletesNothing}`);
    return [];
  }
  const fold = foldsNames(fs, plan, config.dryRun) ? foldName : null;
  const source = new SourceNames(fs, plan.source.path, config.dereference, fold);
  const root = fs.openRoot(plan.destination.path);
  const tree = new DirHandleCache(fs, root, heldHandles(), (parent, name) => fs.openDirectory(parent, name));
  try {
    const removals = await find(fs, tree, source, plan, config, patterns, reporter);
    const { jobs, count } = removals.jobs();
    if (count <= config.maxDelete) return jobs;
    const message = `${count} entries would be deleted, more than ${config.maxDelete}: nothing is deleted`;
    reporter.unlisted(entryError('', 'destination', 'delete', 'EPCOPY_MAXDELETE', message).failure);
    return [];
  } finally {
    tree.close();
    fs.close(root);
    source.close();
  }
}

async function find(
  fs: FileSystem,
  tree: DirHandleCache,
  source: SourceNames,
  plan: Plan,
  config: Config,
  patterns: Patterns,
  reporter: Reporter,
): Promise<Removals> {
  const removals = new Removals();
  // Names missing from the directory in hand. fast-glob speaks of its entries before the next one is listed.
  let inHand: RawPath = '';
  let missing = new Set<RawPath>();

  const select = (dir: RawPath, handle: Handle, entries: ListedEntry[]): ListedEntry[] => {
    inHand = dir;
    missing = new Set();
    removals.listed(dir, entries.length);
    const names = removals.holds(dir) ? new Set<string>() : source.in(dir);
    // Something else has the directory's place at the source, or nobody knows: what is in it is none of our business.
    if (names === null) return [];
    return entries.filter((entry) => {
      const isMissing = !names.has(source.fold(entry.raw));
      const isOurs = isInUse(entry.raw) || join(dir, entry.raw) === manifest;
      if (entry.isDirectory() ? isOffLimits(handle, entry) : !isMissing || isOurs) return false;
      if (isMissing) missing.add(entry.raw);
      return true;
    });
  };

  // The list of checksums that this run is writing.
  const manifest = manifestWithin(config.manifest, plan.destination.path);

  // The source, wherever it is mounted, and its parents.
  const isOffLimits = (handle: Handle, entry: ListedEntry): boolean =>
    plan.forbidden.includes(fs.statAt(handle, entry.raw)?.identity ?? '');

  const options = {
    dereference: false,
    retries: new Retries(fs, config.retries, [plan.destination.path]),
    cancelled: () => reporter.ended,
    wantsSize: () => false,
    gate: async () => {},
    select,
    onError: (error: unknown, path: RawPath) => {
      if (codeOf(error) !== 'ENOENT') reporter.warn(path, codeOf(error), 'cannot be looked into for what to delete');
    },
  };
  // The source's word counts: its `.gitignore` files are at the destination too, or will go.
  const gitignore = config.gitignore ? new Gitignore((dir) => source.read(dir, readGitignore)) : null;
  await walk(fs, tree, { patterns, gitignore, unmatched: null }, options, (dir, name, type) => {
    if (dir === inHand && missing.has(name)) removals.add(dir, name, type);
  });
  return removals;
}

// A run that still lives is writing it, or one on another machine that nobody can ask.
function isInUse(name: RawPath): boolean {
  return /^\.pcopy-.*\.tmp$/s.test(name) && !isAbandoned(name);
}
