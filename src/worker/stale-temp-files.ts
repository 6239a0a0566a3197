import type { RawPath } from '../api/names.ts';
import type { Handle } from '../fs/file-system.ts';
import { removeStale } from '../fs/stale-temporary.ts';
import { parseTemporaryName } from '../fs/temporary-name.ts';
import type { Context } from './context.ts';

/**
 * Removes the temporary files that killed runs left in this destination directory. What the source has under such a name
 * stays, and what was made since this run began. In a destination that the run made itself there is nothing.
 */
export function sweep(context: Context, sourceDir: Handle, dir: Handle): void {
  const { fs, config } = context;
  if (config.dryRun || !config.merged) return;
  for (const name of temporaryNamesIn(context, dir)) {
    try {
      if (name === config.rename?.to || fs.statAt(sourceDir, name) !== null) continue;
      removeStale(fs, dir, name, { before: config.beganMs });
    } catch {
      // Another worker was first, or we may not: the file stays for a later run.
    }
  }
}

function temporaryNamesIn({ fs, config }: Context, dir: Handle): RawPath[] {
  const found: RawPath[] = [];
  try {
    fs.list(dir, (name) => {
      const made = parseTemporaryName(name);
      if (made !== null && !(made.isPartial && config.partial)) found.push(name);
    });
  } catch {
    // Nobody asked for this listing, so its failure fails nothing.
  }
  return found;
}
