import type { RawPath } from '../api/names.ts';
import type { TypeLetter } from '../fs/file-system.ts';
import type { Deferred, Report } from '../protocol/report.ts';
import type { Context, Entry } from './context.ts';

/** A copy at the destination that further names of its file can be linked to. */
export interface LinkTarget {
  path: RawPath;
  identity: string;
  sha256?: string;
  /** The job in which its name was last seen to be still that of the copy: some milliseconds ago at most, if it is this one. */
  checkedIn: Report | null;
}

/** A name that is deferred, unless the others of its file turn up in the same job. */
export interface Waiting extends Deferred {
  path: RawPath;
  type: TypeLetter;
}

/** So many copies are remembered. */
const REMEMBERED = 10_000;

/**
 * What a worker can do about files with several names without the parent: link further names to copies that it knows, and
 * copy a file whose names are all in its job. Files are known by their identities at the source.
 */
export class HardLinks {
  private readonly targets = new Map<string, LinkTarget>();
  private waiting = new Map<string, Waiting[]>();
  /** Files copied in this job whose other names wait, all of them. */
  complete: string[] = [];
  /** The last file looked at had several names: the next one probably has too. */
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

  /** @returns false when all other names of the file wait already: then this one is copied */
  defer(name: Waiting): boolean {
    const others = this.waiting.get(name.identity);
    if (others === undefined) this.waiting.set(name.identity, [name]);
    else if (others.length + 1 === name.nlink) return false;
    else others.push(name);
    return true;
  }

  /** @returns whether other names of the file wait in this job */
  areWaiting(identity: string): boolean {
    return this.waiting.has(identity);
  }

  /** The names of the file no longer wait. */
  takeWaiting(identity: string): Waiting[] {
    const names = this.waiting.get(identity) ?? [];
    this.waiting.delete(identity);
    return names;
  }

  /** What the job leaves to the parent. */
  takeDeferred(): Deferred[] {
    const all = [...this.waiting.values()].flat();
    this.waiting = new Map();
    this.complete = [];
    return all.map(({ index, size, identity, nlink }) => ({ index, size, identity, nlink }));
  }
}

/** Stands for the identity of a first copy that a dry run does not make. */
export const DRY_RUN = 'dry run';

/** A first name was copied: tells which file at the destination the other names are to be linked to. */
export function notePrimary({ report, hardLinks }: Context, entry: Entry, identity: string, sha256?: string): void {
  const { path, deferredAs } = entry;
  if (deferredAs === null) return;
  const known = sha256 === undefined ? {} : { sha256 };
  hardLinks.remember(deferredAs, { path, identity, checkedIn: null, ...known });
  if (hardLinks.areWaiting(deferredAs)) hardLinks.complete.push(deferredAs);
  else report.primaries.push({ index: report.next, identity, ...known });
}
