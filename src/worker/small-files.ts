import { MISSING } from '../fs/dir-handle-cache.ts';
import { toCopyError } from '../fs/entry-error.ts';
import { NO_UNNAMED_FILES, NOT_COPIED, type SmallTerms } from '../fs/file-system.ts';
import { SystemError } from '../fs/system-error.ts';
import type { WorkerConfig } from '../protocol/worker-config.ts';
import type { Context, Entry } from './context.ts';
import { CLONE_FROM } from './file.ts';
import type { Heartbeat } from './heartbeat.ts';
import type { Into } from './into.ts';

/** After a file that could not be copied, probably since its name is taken, so many files are not tried. */
const PAUSE = 100;

/**
 * Copies what most files are: small and new, with one name, and nothing asked for but content, permissions and times. All others, and
 * those where this way is refused, are left to `copyFile`.
 */
export class SmallFiles {
  private readonly isPlain: boolean;
  private readonly terms: SmallTerms;
  private skip = 0;

  constructor(config: WorkerConfig, buffer: Buffer, heartbeat: Heartbeat) {
    this.isPlain = isPlain(config);
    const guard = config.lease === null ? null : (): void => heartbeat.guard();
    this.terms = { buffer, below: 0, keptTo: { atime: 0, mtime: 0 }, size: null, guard };
  }

  /** @returns false: the file is left to `copyFile` */
  copy(context: Context, entry: Entry, into: Into): boolean {
    const { fs, config, learned, report, heartbeat } = context;
    const { destinationDir, name, path } = entry;
    if (!this.isPlain || this.skip-- > 0 || entry.deferredAs !== null || name !== entry.newName) return false;
    if (!learned.createsUnnamed || context.hasMounts || context.hardLinks.areLikely || context.ahead.isLate)
      return false;
    if (destinationDir === MISSING || into.inheritsAcl()) return false;
    const { terms } = this;
    terms.below = learned.clones && config.reflink !== 'never' ? CLONE_FROM : config.splitAbove;
    terms.keptTo = learned.keptTo;
    terms.size = null;
    let size: number;
    try {
      size = fs.copySmall(entry.sourceDir, destinationDir, name, terms);
    } catch (error) {
      if (!(error instanceof SystemError)) throw error;
      // Its bytes are settled as well.
      if (terms.size !== null) heartbeat.beginFile(path, terms.size);
      throw toCopyError(error, path, STEPS_AT_SOURCE.has(error.syscall) ? 'source' : 'destination', error.syscall);
    }
    if (size === NO_UNNAMED_FILES) learned.createsUnnamed = false;
    this.skip = size === NOT_COPIED ? PAUSE : 0;
    if (size < 0) return false;
    heartbeat.beginFile(path, size);
    heartbeat.moved(size);
    report.files++;
    report.bytes += size;
    return true;
  }
}

const STEPS_AT_SOURCE = new Set(['open', 'stat', 'read']);

function isPlain(config: WorkerConfig): boolean {
  const { ifExists, reflink, sparse, single, rate } = config;
  if (ifExists !== 'replace' || reflink === 'always' || sparse === 'always') return false;
  if (single !== null || rate !== null || !config.atomic) return false;
  const { update, checksum, archive, dereference, verify, partial, hash, fsync, dryRun, entries } = config;
  return ![update, checksum, archive, dereference, verify, partial, hash, fsync, dryRun, entries].includes(true);
}
