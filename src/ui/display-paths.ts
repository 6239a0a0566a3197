import type { CopyEvent } from '../api/events.ts';
import { join, type RawPath, splitPath } from '../api/names.ts';

/**
 * The two paths of a run, and how the relative paths of its events are shown to people: below what they typed, so that
 * a line can be pasted back into the shell.
 */
export class DisplayPaths {
  /** What was typed; null: of several sources, in directories that each `start` names. */
  readonly #typed: RawPath | null;
  #source: RawPath;
  readonly destination: RawPath;
  /** The one file that is copied: its name where it comes from, and the path of its copy. */
  #single: { name: RawPath; copy: RawPath } | undefined;

  constructor(source: RawPath | null, destination: RawPath) {
    this.#typed = source;
    this.#source = source ?? '';
    this.destination = destination;
  }

  get source(): RawPath {
    return this.#source || '.';
  }

  get isSingleFile(): boolean {
    return this.#single !== undefined;
  }

  /** Only the run knows whether a single file went to the destination or into it. */
  start({ single, source, sources, destination }: Extract<CopyEvent, { type: 'start' }>): void {
    if (sources !== undefined && this.#typed === null) this.#source = source;
    if (single !== undefined) this.#single = { name: single.name, copy: join(destination, single.as) };
  }

  atSource(path: RawPath): RawPath {
    return path === this.#single?.name ? this.source : join(this.#source, path) || '.';
  }

  atDestination(path: RawPath): RawPath {
    return path === this.#single?.name ? this.#single.copy : join(this.destination, path);
  }
}

/** The directory that all of several sources lie in as they were typed, '' for the working directory; null: they do not. */
export function sharedParent(sources: readonly RawPath[]): RawPath | null {
  const parents = new Set(
    sources.map((path) => splitPath(path.replace(/\/+$/, ''))[0] || (path.startsWith('/') ? '/' : '')),
  );
  const [parent = ''] = parents;
  return parents.size === 1 ? parent : null;
}
