import { CopyError } from '../api/errors.ts';
import { join, type RawPath } from '../api/names.ts';
import { openRoot } from '../fs/directories.ts';
import { entryError } from '../fs/entry-error.ts';
import type { TypeLetter } from '../fs/file-system.ts';
import { outputsWithin } from '../plan/output-place.ts';
import { CallbackError, Callbacks } from './callbacks.ts';
import type { DeletionContext, Extra, ExtraEntries } from './extra-entries.ts';
import { toGlob } from './glob-names.ts';
import { type Deletions, Removals } from './removals.ts';
import { Cancelled, Turns } from './turns.ts';

// With --delete both are loaded, and otherwise none.
export { ExtraEntries } from './extra-entries.ts';

/** Directories that are listed concurrently on slow storage, each in a thread of libuv's pool. */
const IN_FLIGHT = 16;

const NOTHING: Deletions = { contents: [], jobs: [] };

/**
 * Makes jobs that delete the extra entries of the destination which the filters select; the others stay, with their parent
 * directories. Deletes nothing after a failure at the source, or when the source is no longer the directory that was listed: an
 * entry may only seem to be missing there.
 */
export async function findDeletions(context: DeletionContext, extra: ExtraEntries): Promise<Deletions> {
  const { config, reporter } = context;
  if (reporter.ended) return NOTHING;
  checkSource(context);
  if (reporter.deletesNothing !== null) {
    reporter.warn('', 'EPCOPY_DELETE', `nothing is deleted, because ${reporter.deletesNothing}`);
    return NOTHING;
  }
  const { count, ...deletions } = (await collect(context, extra)).jobs();
  if (count <= config.maxDelete) return deletions;
  const entries = count === 1 ? '1 entry' : `${count} entries`;
  const message = `${entries} would be deleted, more than ${config.maxDelete}: nothing is deleted`;
  reporter.failed(entryError('', 'destination', 'delete', 'EPCOPY_MAXDELETE', message).failure);
  return NOTHING;
}

function checkSource({ fs, plan, reporter }: DeletionContext): void {
  try {
    fs.close(openRoot(fs, plan.source, 'source'));
  } catch (error) {
    if (!(error instanceof CopyError)) throw error;
    reporter.failed(error.failure);
    reporter.deletesNothing = 'the source is no longer the directory that was copied';
  }
}

// Lists the directories that may be deleted: each is deleted only with all its entries.
async function collect(context: DeletionContext, extra: ExtraEntries): Promise<Removals> {
  const { plan, config, patterns, reporter, latency, expect } = context;
  let directories = 0;
  const removals = new Removals();
  const outputs = outputsWithin(config, plan.destination.path);
  const pending: Pick<Extra, 'dir' | 'isIgnored'>[] = [];

  const isOver = (): boolean => reporter.ended;
  const turns = new Turns(isOver);
  const callbacks = config.filter === null ? null : new Callbacks(config, isOver);
  const judge = async ({ dir, isIgnored }: (typeof pending)[0], name: RawPath, type: TypeLetter): Promise<void> => {
    const path = join(dir, name);
    if (await isIgnored?.(dir, name, type)) return;
    const isSelected = patterns.all || (await patterns.selects(toGlob(path), type === 'd', turns));
    // Without `include` a directory that is not selected is excluded, with all below it.
    const isEntered = type === 'd' && (isSelected || config.include.length > 0);
    if (!isSelected && !isEntered) return;
    if (callbacks !== null && !(await callbacks.selects(path, type, turns))) return;
    if (isSelected) {
      if (type !== 'd' && (outputs.includes(path) || extra.isInUse(dir, name) || extra.isFollowed(dir, name))) return;
      removals.add(dir, name, type);
    }
    if (!isEntered) return;
    pending.push({ dir: path, isIgnored });
    directories++;
    if (latency.isLate) expect(directories);
  };
  const look = async (inside: (typeof pending)[0]): Promise<void> => {
    const entries = await extra.list(inside.dir, undefined);
    if (entries === null) return;
    removals.listed(inside.dir, entries.length);
    for (const entry of entries) await judge(inside, ...entry);
    await turns.take();
  };

  extra.forgetEntered();
  try {
    for (const found of extra.found) {
      for (const [index, name] of found.names.split('/').entries()) {
        await judge(found, name, found.types[index] as TypeLetter);
      }
      await turns.take();
    }
    // `filter` is asked about one entry after the other.
    await eachInFlight(pending, look, () => (latency.isLate && callbacks === null ? IN_FLIGHT : 1));
  } catch (error) {
    if (error instanceof CallbackError) throw error.cause;
    if (!(error instanceof Cancelled)) throw error;
  }
  return removals;
}

// The list may grow meanwhile.
async function eachInFlight<T>(pending: T[], step: (item: T) => Promise<void>, inFlight: () => number): Promise<void> {
  const running = new Set<Promise<void>>();
  for (;;) {
    while (running.size < inFlight()) {
      const next = pending.pop();
      if (next === undefined) break;
      const run: Promise<void> = step(next).finally(() => running.delete(run));
      running.add(run);
      run.catch(() => {});
    }
    if (running.size === 0) return;
    await Promise.race(running);
  }
}
