import type { RawPath } from '../api/names.ts';
import type { TypeLetter } from '../fs/file-system.ts';
import type { Deferred, Report } from '../protocol/report.ts';
import type { Context, Entry } from './context.ts';

/** A copy at the destination that other names of the file can be linked to. */
export interface LinkTarget {
  path: RawPath;
  identity: string;
  sha256?: string;
  /** The last job that verified that its name still is that of the copy. */
  checkedIn: Report | null;
}

/** A name that is deferred, unless all other names of its file are in the same job. */
export interface Waiting extends Deferred {
  path: RawPath;
  type: TypeLetter;
}

/** Limit of remembered copies. */
const REMEMBERED = 10_000;

/**
 * Hard links that a worker can handle without the parent: it links names to copies that it knows, and copies a file whose names
 * are all in its job. Files are identified by their identities at the source.
 */
export class HardLinks {
  private readonly targets = new Map<string, LinkTarget>();
  private waiting = new Map<string, Waiting[]>();
  /** Files copied in this job, of which all other names are waiting. */
  complete: string[] = [];
  /** The last file had several names, so the next one probably has too. */
  areLikely = false;

  target(identity: string): LinkTarget | undefined {
    return this.targets.get(identity);
  }

  remember(identity: string, target: LinkTarget): void {
    if (this.targets.size >= REMEMBERED) this.targets.clear();
    this.targets.set(identity, target);
  }

  forget(identity: string): void {
    this.targets.delete(identity);
  }

  /** @returns false when all other names of the file are waiting already; then this one is copied */
  defer(name: Waiting): boolean {
    const others = this.waiting.get(name.identity);
    if (others === undefined) this.waiting.set(name.identity, [name]);
    else if (others.length + 1 === name.nlink) return false;
    else others.push(name);
    return true;
  }

  /** @returns whether other names of the file are waiting in this job */
  areWaiting(identity: string): boolean {
    return this.waiting.has(identity);
  }

  /** Removes the waiting names of the file. */
  takeWaiting(identity: string): Waiting[] {
    const names = this.waiting.get(identity) ?? [];
    this.waiting.delete(identity);
    return names;
  }

  /** Names that are deferred to the parent. */
  takeDeferred(): Deferred[] {
    const all = [...this.waiting.values()].flat();
    this.waiting = new Map();
    this.complete = [];
    return all.map(({ index, size, identity, nlink }) => ({ index, size, identity, nlink }));
  }
}

/** The identity of a copy that a dry run does not make. */
export const DRY_RUN = 'dry run';

/** Reports the copy of a first name, which the other names will be linked to. */
export function notePrimary({ report, hardLinks }: Context, entry: Entry, identity: string, sha256?: string): void {
  const { path, deferredAs } = entry;
  if (deferredAs === null) return;
  const known = sha256 === undefined ? {} : { sha256 };
  hardLinks.remember(deferredAs, { path, identity, checkedIn: null, ...known });
  if (hardLinks.areWaiting(deferredAs)) hardLinks.complete.push(deferredAs);
  else report.primaries.push({ index: report.next, identity, ...known });
}
