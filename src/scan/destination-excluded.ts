import type { Config } from '../api/config.ts';
import { RefusedError } from '../api/errors.ts';
import { codeOf } from '../fs/system-error.ts';
import { isWithin, trim } from '../plan/mounts.ts';
import { absolute, real, realAsFarAsItExists } from '../plan/paths.ts';
import { toGlob } from './glob-names.ts';
import type { Patterns } from './selection.ts';
import { pathsTo } from './subtree-filter.ts';
import { Turns } from './turns.ts';

/**
 * Whether the destination lies in the source and the patterns keep the listing from reaching it. False where links are followed: one
 * might lead there.
 */
export async function isDestinationExcluded(
  source: string | Uint8Array,
  destination: string | Uint8Array,
  patterns: Patterns,
  config: Config,
): Promise<boolean> {
  if (config.dereference) return false;
  try {
    const top = real(absolute(source, config));
    const { path } = realAsFarAsItExists(absolute(destination, config));
    if (path === top || !isWithin(path, top)) return false;
    const turns = new Turns(() => false);
    for (const way of pathsTo(toGlob(path.slice(trim(top).length + 1)))) {
      if ((await patterns.excludes(way, true, turns)) || !(await patterns.mayHold(way, turns))) return true;
    }
  } catch (error) {
    if (codeOf(error) === '' && !(error instanceof RefusedError)) throw error;
  }
  return false; // Other checks report what is wrong with the paths.
}
