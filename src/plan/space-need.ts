import type { Stat } from '../fs/file-system.ts';

/** What counts of an entry. */
type Entry = Pick<Stat, 'type' | 'size' | 'blocks' | 'nlink' | 'identity'>;

export interface Rules<E extends Entry = Stat> {
  /** A file takes a multiple of so many bytes. */
  unit: number;
  /** Holes stay holes. */
  holes: boolean;
  /** A new file is written beside the one that it replaces. */
  atomic: boolean;
  /** A policy leaves the existing file as it is. */
  kept: (source: E, existing: E) => boolean;
}

export interface Need {
  /** When all is done: bytes more than now; what is replaced has been freed. */
  bytes: number;
  /** The biggest file that replaces one: both are there for a moment. */
  beside: number;
  inodes: number;
  replaces: boolean;
  /** Files of several names that have been counted. */
  readonly linked: Set<string>;
}

export function noNeed(): Need {
  return { bytes: 0, beside: 0, inodes: 0, replaces: false, linked: new Set() };
}

/**
 * Adds an entry. Rather too little than too much: a copy that would have fitted must not be refused.
 * @param existing what has its place at the destination
 */
export function addNeed<E extends Entry>(need: Need, rules: Rules<E>, source: E, existing: E | null): void {
  if (existing !== null && (source.type === 'd' || existing.type === 'd' || rules.kept(source, existing))) return;
  if (source.nlink > 1 && source.type !== 'd') {
    if (need.linked.has(source.identity)) return;
    need.linked.add(source.identity);
  }
  const takes = source.type === 'f' ? allocated(rules, source) : 0;
  need.bytes += takes;
  if (existing === null) {
    need.inodes++;
    return;
  }
  need.replaces = true;
  if (existing.type === 'f' && existing.nlink === 1) need.bytes -= existing.blocks * 512;
  if (rules.atomic) need.beside = Math.max(need.beside, takes);
}

function allocated({ unit, holes }: Pick<Rules, 'unit' | 'holes'>, { size, blocks }: Entry): number {
  return Math.ceil((holes ? Math.min(size, blocks * 512) : size) / unit) * unit;
}

/** What is missing, in words; null when nothing is. */
export function shortage(
  need: Need,
  there: { free: number; freeInodes: number; countsInodes: boolean },
  mayShare: boolean,
): string | null {
  const bytes = Math.max(need.bytes, need.beside);
  if (bytes > there.free && !mayShare) {
    return `not enough space: ${inUnits(bytes)} are needed, ${inUnits(there.free)} are free`;
  }
  const inodes = need.inodes + (need.replaces ? 1 : 0);
  if (there.countsInodes && inodes > there.freeInodes) {
    return `not enough inodes: ${inodes} are needed, ${there.freeInodes} are free`;
  }
  return null;
}

// In the unit of people, to three digits.
function inUnits(bytes: number): string {
  const power = bytes < 1024 ? 0 : Math.min(Math.floor(Math.log2(bytes) / 10), 3);
  return `${Number((bytes / 1024 ** power).toPrecision(3))} ${['B', 'KiB', 'MiB', 'GiB'][power]}`;
}
