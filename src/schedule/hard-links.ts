import type { RawPath } from '../api/names.ts';
import type { DeferredEntry } from '../protocol/entries-job.ts';
import type { LinkGroup } from '../protocol/jobs.ts';

/** The first copy of a hard-linked file. */
export interface LinkTarget {
  path: RawPath;
  identity: string;
  sha256: string | undefined;
}

interface Group {
  /** Number of names seen; when all have been seen, the group can be dropped. */
  seen: number;
  nlink: number;
  /** Names that wait for the first copy; null: none so far, as for most files. */
  waiting: DeferredEntry[] | null;
  /** null until the first copy is done. */
  target: LinkTarget | null;
}

/** Names that become links to one file. */
export interface Links {
  target: LinkTarget;
  entries: DeferredEntry[];
}

/** The next steps. */
export interface Steps {
  /** Names to copy, each the first of its file. */
  primaries: DeferredEntry[];
  links: Links[];
}

/**
 * Decides which name of a file is copied and which become links to it, in whatever order they arrive. The primary name is copied;
 * the others wait for it, and if it fails the next one becomes primary. Files are identified by their identity at the source.
 */
export class HardLinks {
  private readonly groups = new Map<string, Group>();
  private steps: Steps = { primaries: [], links: [] };
  /** Names that the steps to be taken bring nearer, at least. */
  pending = 0;

  /** A name was found. */
  found(entry: DeferredEntry): void {
    const { identity, nlink } = entry;
    const group = this.groups.get(identity);
    if (group === undefined) {
      this.groups.set(identity, { seen: 1, nlink, waiting: null, target: null });
      this.addPrimary(entry);
      return;
    }
    group.seen++;
    if (group.waiting === null) group.waiting = [entry];
    else group.waiting.push(entry);
    if (group.target === null) this.pending++;
    this.link(identity, group);
  }

  /** This many names were linked by a worker that knew the copy. */
  linked(identity: string, count: number): void {
    const group = this.groups.get(identity);
    if (group === undefined) return;
    group.seen += count;
    this.link(identity, group);
  }

  /** The primary name is at the destination. */
  copied(identity: string, target: LinkTarget): void {
    const group = this.groups.get(identity);
    if (group === undefined) return;
    group.target = target;
    this.link(identity, group);
  }

  /** The primary name could not be copied. */
  failed(identity: string): void {
    const next = this.groups.get(identity)?.waiting?.shift();
    if (next === undefined) this.groups.delete(identity);
    else this.addPrimary(next);
  }

  /** The next steps since the last call, together, since a job per name would cost more than the name. */
  take(): Steps {
    const { steps } = this;
    this.steps = { primaries: [], links: [] };
    this.pending = 0;
    return steps;
  }

  private addPrimary(entry: DeferredEntry): void {
    this.steps.primaries.push(entry);
    this.pending++;
  }

  private link(identity: string, group: Group): void {
    const { target } = group;
    if (target === null) return;
    if (group.seen >= group.nlink) this.groups.delete(identity);
    const entries = group.waiting ?? [];
    group.waiting = null;
    this.pending += entries.length;
    const last = this.steps.links.at(-1);
    if (last?.target === target) for (const entry of entries) last.entries.push(entry);
    else if (entries.length > 0) this.steps.links.push({ target, entries });
  }
}

/** Splits the links into portions of at most this many names. */
export function* portions(links: readonly Links[], size: number): Generator<Links[]> {
  let portion: Links[] = [];
  let room = size;
  for (const { target, entries } of links) {
    for (let at = 0; at < entries.length; ) {
      const part = entries.slice(at, at + room);
      portion.push({ target, entries: part });
      at += part.length;
      room -= part.length;
      if (room > 0) continue;
      yield portion;
      portion = [];
      room = size;
    }
  }
  if (portion.length > 0) yield portion;
}

/** As it stands in a job. */
export function groupOf({ target, entries }: Links): LinkGroup {
  const { path, identity, sha256 } = target;
  const known = sha256 === undefined ? {} : { sha256 };
  const deferredAs = entries[0]?.identity ?? '';
  return { target: path, targetIdentity: identity, deferredAs, paths: entries.map((entry) => entry.path), ...known };
}
