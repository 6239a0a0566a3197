import type { Handle } from '../fs/file-system.ts';
import { removeStale, temporaryNamesIn } from '../fs/stale-temporary.ts';
import { orNull } from '../fs/system-error.ts';
import { parseTemporaryName } from '../fs/temporary-name.ts';
import type { Context } from './context.ts';

/**
 * Removes the temporary files that killed runs left in this destination directory. What the source has under such a name
 * stays, and what was made since this run began. In a destination that the run made itself there is nothing.
 */
export function sweep(context: Context, sourceDir: Handle, dir: Handle): void {
  const { fs, config } = context;
  if (config.dryRun || !config.merged) return;
  // Nobody asked for this listing, so its failure fails nothing.
  for (const name of orNull(() => temporaryNamesIn(fs, dir)) ?? []) {
    const isKept = config.partial && parseTemporaryName(name)?.isPartial;
    if (isKept || name === config.rename?.to) continue;
    // Another worker may be first, or we may not: then the file stays for a later run.
    orNull(() => fs.statAt(sourceDir, name) === null && removeStale(fs, dir, name, { before: config.beganMs }));
  }
}
