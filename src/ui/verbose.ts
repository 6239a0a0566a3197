import type { CopyEvent } from '../api/events.ts';
import { printable } from '../api/names.ts';
import type { DisplayPaths } from './display-paths.ts';
import type { Print, Reporter } from './ui.ts';

/**
 * A line for each entry, for -v and --dry-run. A dry run prints the lines of a real run and whether an entry is new or would be
 * replaced; unchanged entries only with -v.
 */
export function entryPrinter(print: Print, paths: DisplayPaths, showsUnchanged: boolean): Reporter {
  const onEvent = (event: CopyEvent): void => {
    if (event.type !== 'file') return;
    const destination = printable(paths.atDestination(event.path));
    const arrow = () => `${printable(paths.atSource(event.path))} -> ${destination}`;
    switch (event.action) {
      case 'copied':
        return print(`${arrow()}${event.dryRun ? (event.replaces ? ' (replaced)' : ' (new)') : ''}`);
      case 'unchanged':
        return showsUnchanged ? print(`${arrow()} (unchanged)`) : undefined;
      case 'deleted':
        return print(`${event.dryRun ? 'would delete' : 'deleted'} ${destination}`);
    }
  };
  return { onEvent };
}
