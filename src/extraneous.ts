import type { Config } from './config.ts';
import { refuse } from './failure.ts';
import type { FileSystem } from './fs/file-system.ts';
import { codeOf } from './fs/system-error.ts';
import type { RawPath } from './names.ts';
import type { Plan } from './prepare/prepare.ts';
import type { Reporter } from './reporter.ts';
import { walk } from './scan/walk.ts';
import { Chain } from './tree/chain.ts';
import { heldHandles } from './tree/directories.ts';
import type { DeleteJob } from './wire.ts';

/**
 * Finds what the destination has and the source has not, within what the filters select. Nothing, after a failure at the
 * source: what could not be read there may be what seems extraneous here.
 */
export async function extraneous(fs: FileSystem, plan: Plan, config: Config, reporter: Reporter): Promise<DeleteJob[]> {
  if (reporter.ended || plan.single !== null || !plan.merged) return [];
  if (reporter.sourceFailed) {
    reporter.warn('', 'EPCOPY_DELETE', 'nothing is deleted, because some of the source could not be read');
    return [];
  }
  const open = (path: RawPath): Chain =>
    new Chain(fs, fs.openRoot(path), heldHandles(), (parent, name) => fs.openDirectory(parent, name));
  const source = open(plan.source.path);
  const jobs = new Map<RawPath, RawPath[]>();
  let count = 0;
  const options = {
    dereference: false,
    sizes: false,
    gate: async () => {},
    onError: (error: unknown, path: RawPath) => {
      if (codeOf(error) !== 'ENOENT') reporter.warn(path, codeOf(error), 'cannot be looked into for what to delete');
    },
  };
  await walk(fs, open(plan.destination.path), config, options, (dir, name) => {
    if (isAt(fs, source, dir, name)) return;
    const names = jobs.get(dir);
    if (names === undefined) jobs.set(dir, [name]);
    else names.push(name);
    count++;
  });
  if (count > config.maxDelete) {
    const message = `${count} entries would be deleted, more than ${config.maxDelete}: nothing is deleted`;
    reporter.unlisted(refuse('', 'destination', 'delete', 'EPCOPY_MAXDELETE', message).failure);
    return [];
  }
  return [...jobs].map(([dir, names]) => ({ kind: 'delete', dir, names: names.join('/') }));
}

// A directory that is missing at the source is missed as a whole: what is in it is not looked at.
function isAt(fs: FileSystem, source: Chain, dir: RawPath, name: RawPath): boolean {
  try {
    return fs.statAt(source.open(dir), name) !== null;
  } catch (error) {
    if (codeOf(error) !== 'ENOENT' && codeOf(error) !== 'ENOTDIR') throw error;
    return true;
  }
}
