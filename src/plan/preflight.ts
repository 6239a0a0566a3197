import type { Config } from '../api/config.ts';
import { destinationPath, type RawPath } from '../api/names.ts';
import type { FileSystem, Stat } from '../fs/file-system.ts';
import type { EntriesOfDirectory } from '../protocol/jobs.ts';
import type { NameCollisions } from './case-collisions.ts';
import { caseInsensitiveDirectories } from './case-sensitivity.ts';
import type { Plan } from './prepare.ts';
import { spaceCheck } from './space.ts';

/** The source, as far as the checks need it. */
export interface Surveyed {
  /** Lists the entries that the run will copy, depth first, some of one directory at a time. */
  survey(visit: (group: EntriesOfDirectory) => void): Promise<void>;
  /** Stats a listed entry. Throws SystemError. @returns null when it is gone */
  stat(dir: RawPath, name: RawPath): Stat | null;
}

/**
 * Throws RefusedError when names would collide at the destination, or when it lacks space or inodes. Lists the source only where
 * that can matter, since it doubles the listing.
 */
export async function preflight(
  fs: FileSystem,
  plans: readonly Plan[],
  trees: readonly Surveyed[],
  config: Config,
): Promise<void> {
  const caseInsensitive = new Set(plans.flatMap((plan) => caseInsensitiveDirectories(fs, plan, config.dryRun)));
  const isAnyOrder = plans.length > 1 || (config.filesFrom ?? config.retryFrom) !== null;
  let names: NameCollisions | null = null;
  if (caseInsensitive.size > 0) {
    const { NameCollisions } = await import('./case-collisions.ts');
    names = new NameCollisions([...caseInsensitive], isAnyOrder);
  }
  const space = config.preflight && !config.dryRun ? spaceCheck(fs, plans, config) : null;
  if (names === null && space === null) return;
  try {
    for (const tree of trees) {
      await tree.survey((group) => {
        names?.add({ ...group, dir: destinationPath(group.dir), names: destinationPath(group.names) });
        space?.add(group, tree);
      });
    }
    space?.finish();
  } finally {
    space?.close();
  }
}
