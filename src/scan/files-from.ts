import type { Found } from '../events.ts';
import { refuse, toCopyError, toFailure } from '../failure.ts';
import type { FileSystem, Stat } from '../fs/file-system.ts';
import { join, type RawPath } from '../names.ts';
import type { Chain } from '../tree/chain.ts';
import { Batches } from './batches.ts';
import type { ScanListener, ScanOptions } from './scan.ts';

/** Lists just the given paths, in their order; a directory among them is made, but not entered. */
export async function listGiven(
  fs: FileSystem,
  tree: Chain,
  paths: readonly RawPath[],
  options: ScanOptions,
  found: Found,
  listener: ScanListener,
): Promise<void> {
  const batches = new Batches(options, found, listener);
  for (const given of paths) {
    if (listener.cancelled()) break;
    try {
      const [dir, name] = split(given);
      if (name === '') continue;
      const handle = tree.open(dir);
      const stat = options.dereference ? fs.statTarget(handle, name) : fs.statAt(handle, name);
      if (stat === null) throw refuse(join(dir, name), 'source', 'stat', 'ENOENT', 'no such file or directory');
      batches.add(dir, name, stat.type, sizeOf(stat));
    } catch (error) {
      listener.failed(toFailure(toCopyError(error, given, 'source', 'stat'), given));
    }
    await batches.room();
  }
  batches.flush();
  await batches.room();
  found.complete = true;
}

// `./a//b/` is `a/b`. A way out of the source is refused, whatever it leads to.
function split(given: RawPath): [dir: RawPath, name: RawPath] {
  const parts = given.split('/').filter((part) => part !== '' && part !== '.');
  if (given.startsWith('/') || parts.includes('..')) {
    throw refuse(given, 'source', 'select', 'EPCOPY_OUTSIDE', 'is not a path inside the source');
  }
  const name = parts.pop() ?? '';
  return [parts.join('/'), name];
}

function sizeOf(stat: Stat): number {
  return stat.type === 'f' ? stat.size : 0;
}
