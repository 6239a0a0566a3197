import type { CopyEvent } from '../api/events.ts';
import { join, type RawPath } from '../api/names.ts';

/**
 * The two paths of a run, and how the relative paths of its events are shown to people: below what they typed, so that
 * a line can be pasted back into the shell.
 */
export class DisplayPaths {
  readonly source: RawPath;
  readonly destination: RawPath;
  /** The one file that is copied: its name where it comes from, and the path of its copy. */
  #single: { name: RawPath; copy: RawPath } | undefined;

  constructor(source: RawPath, destination: RawPath) {
    this.source = source;
    this.destination = destination;
  }

  get isSingleFile(): boolean {
    return this.#single !== undefined;
  }

  /** Only the run knows whether a single file went to the destination or into it. */
  start({ single, destination }: Extract<CopyEvent, { type: 'start' }>): void {
    if (single !== undefined) this.#single = { name: single.name, copy: join(destination, single.as) };
  }

  atSource(path: RawPath): RawPath {
    return path === this.#single?.name ? this.source : join(this.source, path);
  }

  atDestination(path: RawPath): RawPath {
    return path === this.#single?.name ? this.#single.copy : join(this.destination, path);
  }
}
