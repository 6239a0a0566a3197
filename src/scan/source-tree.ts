import type { Config } from '../config.ts';
import type { Listed } from '../entries-job.ts';
import type { Found } from '../events.ts';
import type { FileSystem, Handle } from '../fs/file-system.ts';
import type { Plan } from '../prepare/prepare.ts';
import type { Queue } from '../process/index.ts';
import type { Reporter } from '../reporter.ts';
import { Chain } from '../tree/chain.ts';
import { enterSource, heldHandles } from '../tree/directories.ts';
import { listGiven } from './files-from.ts';
import { type ScanListener, type ScanOptions, scan } from './scan.ts';

/** The source of a run, as it is listed: a tree, some paths of it, or one file. */
export class SourceTree {
  private readonly fs: FileSystem;
  private readonly plan: Plan;
  private readonly config: Config;
  private readonly root: Handle;
  private readonly chain: Chain;
  private stopped = false;

  constructor(fs: FileSystem, plan: Plan, config: Config) {
    this.fs = fs;
    this.plan = plan;
    this.config = config;
    this.root = fs.openRoot(plan.source.path);
    this.chain = new Chain(fs, this.root, heldHandles(), enterSource(fs, config.dereference));
  }

  /** Lists into the queue and closes it, also when it is stopped. */
  async list(jobs: Queue<Listed>, reporter: Reporter): Promise<void> {
    try {
      await this.walk(this.config.sizes, reporter.tally.found, {
        put: async (listed) => {
          const began = performance.now();
          await jobs.put(listed);
          reporter.tally.waitedMs += performance.now() - began;
        },
        failed: (failure) => reporter.unlisted(failure),
        skipped: (path, kind) => reporter.skipped(path, kind),
        cancelled: () => this.stopped,
      });
      reporter.listed();
    } finally {
      await jobs.close();
    }
  }

  /** Lists and counts, copies nothing. */
  async measure(): Promise<Found> {
    const found: Found = { files: 0, directories: 0, bytes: 0, complete: false };
    const nothing = (): void => {};
    await this.walk(true, found, {
      put: async () => {},
      failed: nothing,
      skipped: nothing,
      cancelled: () => this.stopped,
    });
    return found;
  }

  stop(): void {
    this.stopped = true;
  }

  close(): void {
    this.chain.close();
    this.fs.close(this.root);
  }

  private async walk(sizes: boolean, found: Found, listener: ScanListener): Promise<void> {
    const { include, exclude, dereference, archive, filesFrom } = this.config;
    const options: ScanOptions = { selection: { include, exclude }, dereference, special: archive, sizes };
    if (this.plan.single !== null) {
      await listGiven(this.fs, this.chain, [this.plan.single.name], options, found, listener);
    } else if (filesFrom !== null) {
      await listGiven(this.fs, this.chain, filesFrom, options, found, listener);
    } else {
      await scan(this.fs, this.chain, options, found, listener);
    }
  }
}
