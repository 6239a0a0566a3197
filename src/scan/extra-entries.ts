import type { Config } from '../api/config.ts';
import { CopyError } from '../api/errors.ts';
import { join, type RawPath } from '../api/names.ts';
import { DirHandleCache, MISSING } from '../fs/dir-handle-cache.ts';
import { openRoot } from '../fs/directories.ts';
import type { FileSystem, Handle, TypeLetter } from '../fs/file-system.ts';
import { Retries } from '../fs/retry.ts';
import { removeStale } from '../fs/stale-temporary.ts';
import { codeOf } from '../fs/system-error.ts';
import { parseTemporaryName } from '../fs/temporary-name.ts';
import { foldName } from '../plan/case-collisions.ts';
import type { Plan } from '../plan/prepare.ts';
import type { RunReporter } from '../report/reporter.ts';
import type { IsIgnored } from './gitignore.ts';
import { toGlob } from './glob-names.ts';
import type { Latency } from './latency.ts';
import { Lister, type ListingObserver, type WantedEntry } from './lister.ts';
import { Replacements } from './replacements.ts';
import type { Patterns } from './selection.ts';
import { Turns, unlessCancelled } from './turns.ts';

/** What finding deletions needs. */
export interface DeletionContext {
  fs: FileSystem;
  plan: Plan;
  config: Config;
  patterns: Patterns;
  reporter: RunReporter;
  /** Of both source and destination. */
  latency: Latency;
  /** Called where storage is late, with the number of jobs that there may be. */
  expect: (jobs: number) => void;
}

/** Entries of one destination directory that the source does not have: selected files, and directories. */
export interface Extra {
  dir: RawPath;
  /** Joined with `/`, which no name holds. */
  names: string;
  /** One letter per name. */
  types: string;
  /** According to the `.gitignore` files of the source at the time when the directory was listed. */
  isIgnored: IsIgnored | null;
}

interface Comparison {
  /** Entries of the destination directory that the listing has not named yet. */
  entries: Map<RawPath, TypeLetter>;
  /** Names of the listing that the destination does not have in this spelling. */
  others: RawPath[];
  /** Directories where the source has something else, or the reverse. */
  inTheWay: Map<RawPath, TypeLetter>;
}

/** A directory of the destination that was read ahead; null: there is none. */
type Prepared = { identity: string; entries: readonly [RawPath, TypeLetter][] } | null;

/**
 * Finds what `--delete` may remove while the source is listed for the copy. Each directory of the destination is read before its
 * counterpart, so the entries that the copy creates are not among its extra ones. Nothing is compared for a directory of the source
 * that was not read to its end.
 */
export class ExtraEntries implements ListingObserver {
  readonly found: Extra[] = [];
  private readonly destination: Lister;
  private readonly context: DeletionContext;
  private readonly root: Handle;
  private readonly tree: DirHandleCache;
  /** Directories that were read ahead; null: nothing to list. */
  private readonly prepared = new Map<RawPath, Prepared>();
  private readonly retried: ReadonlySet<RawPath>;
  private readonly turns: Turns;
  /** Identities of the targets of followed links: they are part of the source, wherever they are. */
  private readonly followed = new Set<string>();
  private current: Comparison | null = null;
  readonly replacements: Replacements;

  constructor(context: DeletionContext) {
    const { fs, plan, config, reporter, latency } = context;
    this.context = context;
    this.retried = new Set(config.retryFrom);
    this.turns = new Turns(() => reporter.ended);
    // With other values nothing at the destination is replaced.
    this.replacements = new Replacements(config.ifExists === 'replace');
    this.root = openDestination(context);
    this.tree = new DirHandleCache(fs, this.root, (parent, name) => this.enter(parent, name));
    this.destination = new Lister(fs, this.tree, {
      dereference: false,
      retries: new Retries(fs, config.retries, [plan.destination.path]),
      cancelled: () => reporter.ended,
      latency,
      wantsSize: () => false,
      onError: (error, path) => this.unreadable(error, path),
    });
  }

  readonly prepare = async (dir: RawPath): Promise<void> => {
    const read = await this.readAhead(dir);
    if (read !== undefined) this.prepared.set(dir, read);
  };

  async begin(dir: RawPath): Promise<void> {
    this.current = null;
    const read = this.prepared.get(dir);
    this.prepared.delete(dir);
    const entries = await this.list(dir, read);
    if (entries !== null) this.current = { entries: new Map(entries), others: [], inTheWay: new Map() };
  }

  /**
   * Lists a directory of the destination.
   * @param ahead the result of reading it ahead
   * @returns null when it is missing, cannot be read, or must stay with all its entries
   */
  async list(dir: RawPath, ahead: Prepared | undefined): Promise<readonly [RawPath, TypeLetter][] | null> {
    const read = ahead === undefined && this.context.latency.isLate ? await this.readAhead(dir) : ahead;
    if (read === null) return null;
    if (read !== undefined) return this.mayEnter(read.identity) ? read.entries : null;
    let isListed = false;
    const toPair = (name: RawPath, type: TypeLetter): [RawPath, TypeLetter] => [name, type];
    const entries = await this.destination.list(dir, null, toPair, (_handle, all) => {
      isListed = true;
      return all;
    });
    return isListed ? entries : null;
  }

  name(name: RawPath, type: TypeLetter): void {
    if (this.current === null) return;
    const { entries, others, inTheWay } = this.current;
    const there = entries.get(name);
    if (!entries.delete(name)) others.push(name);
    else if (there !== undefined && (there === 'd') !== (type === 'd')) inTheWay.set(name, there);
  }

  follow(identity: string): void {
    this.followed.add(identity);
  }

  async end(dir: RawPath, isStable: boolean, isIgnored: IsIgnored | null): Promise<void> {
    const { current } = this;
    this.current = null;
    if (current === null) return;
    if (isStable) this.replacements.observe(dir, current.inTheWay, isIgnored);
    if (current.entries.size === 0) return;
    try {
      this.dropOtherSpellings(dir, current);
    } catch (error) {
      return this.unreadable(error, dir);
    }
    const entries: [RawPath, TypeLetter][] = [];
    for (const entry of current.entries) if (await this.isWanted(dir, ...entry, isIgnored)) entries.push(entry);
    if (entries.length === 0) return;
    if (!isStable) {
      // An entry that is renamed while its directory is read may be listed under neither name.
      const why = 'changed while it was listed: nothing in it is deleted';
      return this.context.reporter.warn(dir, 'EPCOPY_CHANGED', why);
    }
    const names = entries.map(([name]) => name).join('/');
    this.found.push({ dir, names, types: entries.map(([, type]) => type).join(''), isIgnored });
  }

  holdBack(entry: WantedEntry): boolean {
    const extra = this.replacements.holdBack(entry);
    if (typeof extra !== 'boolean') this.found.push(extra);
    return extra !== false;
  }

  /** Call it when the listing has ended: directories are then checked again, because all links are known only now. */
  forgetEntered(): void {
    this.tree.close();
  }

  /** Whether a link of the source is known to lead to this file. */
  isFollowed(dir: RawPath, name: RawPath): boolean {
    const { fs } = this.context;
    const test = (handle: Handle): boolean => this.followed.has(fs.statAt(handle, name)?.identity ?? '');
    return this.followed.size > 0 && this.mustStay(dir, name, test);
  }

  /** Whether the file has the temporary name of a run that is not known to be dead. */
  isInUse(dir: RawPath, name: RawPath): boolean {
    const made = parseTemporaryName(name);
    if (made === null) return false;
    if (made.isPartial && this.context.config.partial) return true;
    return this.mustStay(dir, name, (handle) => !removeStale(this.context.fs, handle, name, { dryRun: true }));
  }

  // So does what cannot be looked at.
  private mustStay(dir: RawPath, name: RawPath, test: (handle: Handle) => boolean): boolean {
    try {
      const handle = this.tree.open(dir);
      return handle === MISSING || test(handle);
    } catch (error) {
      this.unreadable(error, join(dir, name));
      return true;
    }
  }

  close(): void {
    this.tree.close();
    if (this.root !== MISSING) this.context.fs.close(this.root);
  }

  // undefined: only a blocking call can read it.
  private async readAhead(dir: RawPath): Promise<Prepared | undefined> {
    const { fs, reporter } = this.context;
    if (this.root === MISSING) return null;
    try {
      const reading = fs.readAhead(this.root, dir, { follow: false, sizes: false, after: false });
      const read = reading && (await unlessCancelled(reading, () => reporter.ended));
      if (read === null) return undefined;
      const { handle, names, types, before } = read;
      fs.close(handle);
      return { identity: before.identity, entries: names.map((name, index) => [name, types[index] as TypeLetter]) };
    } catch (error) {
      return isNoDirectory(error) ? null : undefined;
    }
  }

  private async isWanted(
    ...[dir, name, type, isIgnored]: [...entry: Parameters<IsIgnored>, isIgnored: IsIgnored | null]
  ): Promise<boolean> {
    const path = join(dir, name);
    // Failed paths of an earlier run are copied, although their directories need not be listed.
    if (this.retried.has(path)) return false;
    if (type === 'd') return true;
    const isSelected = await this.context.patterns.selects(toGlob(path), false, this.turns);
    return isSelected && !(await isIgnored?.(dir, name, type));
  }

  // A directory that treats several spellings as one name lists one of them. Identities do not show it: FUSE may give each
  // spelling its own.
  private dropOtherSpellings(dir: RawPath, { entries, others }: Comparison): void {
    if (others.length === 0) return;
    const { fs } = this.context;
    const folded = new Map<string, RawPath>();
    for (const name of entries.keys()) folded.set(foldName(name), name);
    const handle = this.tree.open(dir);
    const alike = others.filter((name) => folded.has(foldName(name)) && fs.statAt(handle, name) !== null);
    if (alike.length === 0) return;
    // A worker may have created the name meanwhile.
    const listed = new Set<RawPath>();
    fs.list(handle, (name) => listed.add(name));
    for (const name of alike) if (!listed.has(name)) entries.delete(folded.get(foldName(name)) ?? '');
  }

  private unreadable(error: unknown, path: RawPath): void {
    if (codeOf(error) === '') throw error;
    this.context.reporter.warn(path, codeOf(error), 'cannot be read to find what to delete');
  }

  private enter(parent: Handle, name: RawPath): Handle {
    const { fs } = this.context;
    let handle: Handle;
    try {
      handle = fs.openDirectory(parent, name);
    } catch (error) {
      if (isNoDirectory(error)) return MISSING;
      throw error;
    }
    if (this.mayEnter(fs.stat(handle).identity)) return handle;
    fs.close(handle);
    return MISSING;
  }

  private mayEnter(identity: string): boolean {
    return !this.context.plan.forbidden.includes(identity) && !this.followed.has(identity);
  }
}

// There is nothing to delete below a file or a link.
function isNoDirectory(error: unknown): boolean {
  return ['ENOENT', 'ENOTDIR', 'ELOOP'].includes(codeOf(error));
}

function openDestination({ fs, plan, reporter }: DeletionContext): Handle {
  try {
    return openRoot(fs, plan.destination, 'destination');
  } catch (error) {
    if (!(error instanceof CopyError)) throw error;
    reporter.failed(error.failure);
    return MISSING;
  }
}
