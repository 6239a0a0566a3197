import type { RawPath } from '../api/names.ts';
import type { Deferred } from '../protocol/report.ts';

/** The first copy of a file with several names. */
export interface LinkTarget {
  path: RawPath;
  identity: string;
  sha256?: string;
}

interface Group {
  /** Names seen so far; with all of them seen, the group can be forgotten. */
  seen: number;
  nlink: number;
  /** Names that wait for a first copy. */
  waiting: Deferred[];
  /** null while the first copy is under way. */
  target: LinkTarget | null;
}

export type Step =
  | { kind: 'wait' }
  | { kind: 'lead'; entry: Deferred }
  | { kind: 'link'; target: LinkTarget; entries: Deferred[] };

/**
 * Which name of a file is copied and which become links to it, whatever order and worker they come from. One name is the primary one:
 * it is copied. The others wait for it, and if it fails the next one takes its place.
 */
export class HardLinks {
  private readonly groups = new Map<string, Group>();

  /** A name was found. */
  found(entry: Deferred): Step {
    const group = this.groups.get(entry.identity);
    if (group === undefined) {
      this.groups.set(entry.identity, { seen: 1, nlink: entry.nlink, waiting: [], target: null });
      return { kind: 'lead', entry };
    }
    group.seen++;
    if (group.target === null) {
      group.waiting.push(entry);
      return { kind: 'wait' };
    }
    return this.link(entry.identity, group, [entry]);
  }

  /** The primary link is at the destination. */
  copied(entry: Deferred, target: LinkTarget): Step {
    const group = this.groups.get(entry.identity);
    if (group === undefined) return { kind: 'wait' };
    group.target = target;
    return this.link(entry.identity, group, group.waiting.splice(0));
  }

  /** The primary link could not be copied. */
  failed(entry: Deferred): Step {
    const next = this.groups.get(entry.identity)?.waiting.shift();
    if (next !== undefined) return { kind: 'lead', entry: next };
    this.groups.delete(entry.identity);
    return { kind: 'wait' };
  }

  private link(identity: string, group: Group, entries: Deferred[]): Step {
    if (group.seen >= group.nlink) this.groups.delete(identity);
    if (group.target === null || entries.length === 0) return { kind: 'wait' };
    return { kind: 'link', target: group.target, entries };
  }
}
