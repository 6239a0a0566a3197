import { CopyError } from '../api/errors.ts';
import { join, type RawPath } from '../api/names.ts';
import { openRoot } from '../fs/directories.ts';
import { entryError } from '../fs/entry-error.ts';
import type { TypeLetter } from '../fs/file-system.ts';
import { outputsWithin } from '../plan/output-place.ts';
import type { DeleteJob } from '../protocol/jobs.ts';
import type { DeletionContext, Extra, ExtraEntries } from './extra-entries.ts';
import { toGlob } from './glob-names.ts';
import { Removals } from './removals.ts';
import { Turns } from './turns.ts';

/**
 * Turns what the destination has beyond the copied listing into jobs, within what the filters select: what they leave out
 * stays, with the directories it lies in. Nothing, after a failure at the source, and when the source is no longer the
 * directory that was listed: what is missing there may only be missing at the moment.
 */
export async function findDeletions(context: DeletionContext, extra: ExtraEntries): Promise<DeleteJob[]> {
  const { config, reporter } = context;
  if (reporter.ended) return [];
  checkSource(context);
  if (reporter.deletesNothing !== null) {
    reporter.warn('', 'EPCOPY_DELETE', `nothing is deleted, because ${reporter.deletesNothing}`);
    return [];
  }
  const { jobs, count } = (await collect(context, extra)).jobs();
  if (count <= config.maxDelete) return jobs;
  const message = `${count} entries would be deleted, more than ${config.maxDelete}: nothing is deleted`;
  reporter.unlisted(entryError('', 'destination', 'delete', 'EPCOPY_MAXDELETE', message).failure);
  return [];
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

// Looks into the directories that may go: each goes only with all that it holds.
async function collect({ plan, config, patterns, reporter }: DeletionContext, extra: ExtraEntries): Promise<Removals> {
  const removals = new Removals();
  const { destination } = extra;
  const outputs = outputsWithin(config, plan.destination.path);
  const pending: RawPath[] = [];

  const turns = new Turns(() => false);
  const judge = async ({ dir, isIgnored }: Extra, name: RawPath, type: TypeLetter): Promise<void> => {
    const path = join(dir, name);
    if (await isIgnored?.(dir, name, type)) return;
    const isSelected = patterns.all || (await patterns.selects(toGlob(path), type === 'd', turns));
    // Without `include` a directory that is not selected is excluded, with all that it holds.
    if (type === 'd' && (isSelected || config.include.length > 0)) pending.push(path);
    if (!isSelected) return;
    if (type !== 'd' && (outputs.includes(path) || extra.isInUse(dir, name) || extra.isFollowed(dir, name))) return;
    removals.add(dir, name, type);
  };

  extra.forgetEntered();
  for (const found of extra.found) {
    for (const [index, name] of found.names.split('/').entries()) {
      if (reporter.ended) return removals;
      await judge(found, name, found.types[index] as TypeLetter);
    }
    for (let dir = pending.pop(); dir !== undefined && !reporter.ended; dir = pending.pop()) {
      const inside = { ...found, dir };
      const entries = await destination.list(
        dir,
        null,
        (name, type): [RawPath, TypeLetter] => [name, type],
        (_handle, all) => {
          removals.listed(inside.dir, all.length);
          return all;
        },
      );
      for (const [name, type] of entries) {
        if (reporter.ended) return removals;
        await judge(inside, name, type);
      }
      await turns.take();
    }
  }
  return removals;
}
