import type { Handle } from '../fs/file-system.ts';
import { removeStale, temporaryNamesIn } from '../fs/stale-temporary.ts';
import { orNull } from '../fs/system-error.ts';
import { parseTemporaryName } from '../fs/temporary-name.ts';
import type { Context } from './context.ts';

/**
 * Removes temporary files that killed runs left in this destination directory, except names that the source has too and files
 * made since this run began. A destination that the run made has none.
 */
export function sweep(context: Context, sourceDir: Handle, dir: Handle): void {
  const { fs, config } = context;
  if (config.dryRun || !config.merged) return;
  // A failure of this listing does not matter.
  for (const name of orNull(() => temporaryNamesIn(fs, dir)) ?? []) {
    const isKept = config.partial && parseTemporaryName(name)?.isPartial;
    if (isKept || name === config.single?.to) continue;
    // Another worker may be first, or it is not permitted: the file stays for a later run.
    orNull(() => fs.statAt(sourceDir, name) === null && removeStale(fs, dir, name, { before: config.beganMs }));
  }
}
