import { RefusedError } from '../api/errors.ts';
import { isUtf8, join, printable, type RawPath, toText } from '../api/names.ts';
import type { EntriesOfDirectory } from '../protocol/jobs.ts';
import { isWithin } from './mounts.ts';

/** Finds names that collide at a destination that ignores case. */
export class NameCollisions {
  private readonly caseInsensitive: readonly RawPath[];
  private readonly keepAll: boolean;
  /** Parent directories of entries, by folded path: two with the same folded path would be merged. */
  private readonly directories = new Map<string, RawPath>([['', '']]);
  /** Entries of the current directory, by folded path. */
  private names = new Map<string, RawPath>();
  private dir: RawPath = '';

  /**
   * @param caseInsensitive the directories in and below which case is ignored
   * @param keepAll the entries come in any order, not directory by directory
   */
  constructor(caseInsensitive: readonly RawPath[], keepAll: boolean) {
    this.caseInsensitive = caseInsensitive;
    this.keepAll = keepAll;
  }

  /** Throws RefusedError at the first collision. */
  add({ dir, names }: EntriesOfDirectory): void {
    if (dir !== this.dir && !this.keepAll) this.names = new Map();
    this.dir = dir;
    if (!this.folds(dir)) return;
    const foldedDir = this.enter(dir);
    for (const name of names.split('/')) {
      if (name !== '') note(this.names, join(foldedDir, foldName(name)), join(dir, name));
    }
  }

  private folds(dir: RawPath): boolean {
    return this.caseInsensitive.some((top) => isWithin(`/${dir}`, `/${top}`));
  }

  private enter(dir: RawPath): string {
    let folded = '';
    for (let at = 0; at < dir.length; ) {
      const slash = dir.indexOf('/', at);
      const end = slash < 0 ? dir.length : slash;
      const name = dir.slice(at, end);
      folded = join(folded, this.folds(dir.slice(0, Math.max(at - 1, 0))) ? foldName(name) : name);
      note(this.directories, folded, dir.slice(0, end));
      at = end + 1;
    }
    return folded;
  }
}

function note(seen: Map<string, RawPath>, folded: string, path: RawPath): void {
  const other = seen.get(folded);
  if (other === undefined) seen.set(folded, path);
  else if (other !== path) {
    const message = `has the same name as ${printable(path)} at the destination, which ignores case`;
    throw new RefusedError(other, message, 'EPCOPY_NAMES');
  }
}

/**
 * Maps all names that a case-insensitive file system may treat as equal to one. File systems have different tables; this folds
 * at least as much as any of them (full case folding and normalisation), since a missed collision loses a file.
 */
export function foldName(name: RawPath): string {
  if (!isUtf8(name)) return name.toLowerCase();
  return toText(name).normalize('NFD').toUpperCase().toLowerCase().normalize('NFD');
}
