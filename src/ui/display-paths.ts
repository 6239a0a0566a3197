import type { StartEvent } from '../api/events.ts';
import { join, type RawPath, splitPath } from '../api/names.ts';

/**
 * The two paths of a run, and the paths of its events as they are shown: below what was typed, so that they can be pasted
 * into the shell.
 */
export class DisplayPaths {
  /** As typed; null: several sources, whose directories each `start` names. */
  readonly #typed: RawPath | null;
  #source: RawPath;
  readonly destination: RawPath;
  /** Of a single file: its name, and the path of its copy. */
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
  start({ single, source, sources, destination }: StartEvent): void {
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

/** The common parent of several sources as typed, '' for the working directory; null when there is none. */
export function sharedParent(sources: readonly RawPath[]): RawPath | null {
  const parents = new Set(
    sources.map((path) => splitPath(path.replace(/\/+$/, ''))[0] || (path.startsWith('/') ? '/' : '')),
  );
  const [parent = ''] = parents;
  return parents.size === 1 ? parent : null;
}
