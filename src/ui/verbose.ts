import type { CopyEvent } from '../api/events.ts';
import { printable } from '../api/names.ts';
import type { DisplayPaths } from './display-paths.ts';
import type { Print, Reporter } from './ui.ts';

/**
 * A line for each entry, for -v and --dry-run. A dry run prints the lines of a real run and whether an entry is new or would be
 * replaced; unchanged entries only with -v.
 */
export class VerboseReporter implements Reporter {
  readonly #print: Print;
  readonly #paths: DisplayPaths;
  readonly #unchanged: boolean;

  constructor(print: Print, paths: DisplayPaths, unchanged: boolean) {
    this.#print = print;
    this.#paths = paths;
    this.#unchanged = unchanged;
  }

  onEvent(event: CopyEvent): void {
    if (event.type !== 'file') return;
    const destination = printable(this.#paths.atDestination(event.path));
    const arrow = () => `${printable(this.#paths.atSource(event.path))} -> ${destination}`;
    switch (event.action) {
      case 'copied':
        this.#print(`${arrow()}${event.dryRun ? (event.replaces ? ' (replaced)' : ' (new)') : ''}`);
        return;
      case 'unchanged':
        if (this.#unchanged) this.#print(`${arrow()} (unchanged)`);
        return;
      case 'deleted':
        this.#print(`${event.dryRun ? 'would delete' : 'deleted'} ${destination}`);
        return;
    }
  }
}
