import type { RawPath } from '../api/names.ts';
import type { Handle } from '../fs/file-system.ts';
import { isAbandoned } from '../fs/temporary-name.ts';
import type { Context } from './context.ts';

let lastSwept: RawPath | null = null;

/**
 * Removes the temporary files that a killed run left in this destination directory. Files of a run that still lives, on
 * this machine or another, are not touched. In a destination that the run made itself there are none.
 */
export function sweep(context: Context, dir: Handle, path: RawPath): void {
  const { fs, config } = context;
  if (config.dryRun || !config.merged || path === lastSwept) return;
  lastSwept = path;
  for (const name of abandonedIn(context, dir)) {
    try {
      fs.unlink(dir, name);
    } catch {
      // Another worker was first, or we may not: the file stays for a later run.
    }
  }
}

function abandonedIn({ fs }: Context, dir: Handle): RawPath[] {
  const found: RawPath[] = [];
  try {
    fs.list(dir, (name) => {
      if (name.startsWith('.pcopy-') && isAbandoned(name)) found.push(name);
    });
  } catch {
    // Nobody asked for this listing, so its failure fails nothing.
  }
  return found;
}
