import type { Config } from '../api/config.ts';
import { RefusedError, UsageError } from '../api/errors.ts';
import { join, printable, type RawPath } from '../api/names.ts';
import type { FileSystem } from '../fs/file-system.ts';
import { checkOutputs } from './output-place.ts';
import { absolute, look, lookAtLink, orRefuse, real, toRaw } from './paths.ts';
import { type Origin, type Plan, prepareTree, resolveDestination, splitLast } from './prepare.ts';

/**
 * `prepare` for several sources, which are copied into the destination under their own names: one plan for each of their parent
 * directories, in the order of the sources. Throws as `prepare` does, with nothing written.
 */
export function prepareSeveral(
  fs: FileSystem,
  sources: readonly (string | Uint8Array)[],
  destination: string | Uint8Array,
  config: Config,
): Plan[] {
  refuseForSeveral(config);
  const to = absolute(destination, config);
  const there = orRefuse(to, 'cannot look at the destination', () => look(to));
  if (there !== null && there.type !== 'd') {
    throw new RefusedError(to, 'is not a directory, and several sources need one (unquoted pattern?)', 'ENOTDIR');
  }
  const origins = originsOf(sources, resolveDestination(to).path, config);
  const plans: Plan[] = [];
  try {
    for (const origin of origins) plans.push(prepareTree(fs, origin, to, resolveDestination(to), config));
  } catch (error) {
    for (const plan of plans.reverse()) plan.undo();
    throw error;
  }
  return plans;
}

function refuseForSeveral(config: Config): void {
  const impossible = [
    ['--delete', config.delete, 'what one source does not have may come from another'],
    ['--files-from', config.filesFrom !== null, 'the paths are relative to one folder'],
    ['--retry-from', config.retryFrom !== null, 'it continues the copy of one folder'],
  ] as const;
  for (const [option, isGiven, why] of impossible) {
    if (isGiven) throw new UsageError(`option '${option}' cannot be used with several sources: ${why}.`);
  }
}

interface Group extends Origin {
  names: RawPath[];
  directories: RawPath[];
}

function originsOf(sources: readonly (string | Uint8Array)[], destination: RawPath, config: Config): Origin[] {
  const parents = new Map<RawPath, RawPath>();
  const groups = new Map<RawPath, Group>();
  const seen = new Map<RawPath, RawPath>();
  for (const source of sources) {
    const path = absolute(source, config).replace(/\/+$/, '');
    const [typed, name] = splitLast(path);
    if (name === '' || name === '.' || name === '..') {
      throw new RefusedError(path || '/', 'has no name of its own to be copied under', 'EPCOPY_NAMES');
    }
    const other = seen.get(name);
    if (other !== undefined) {
      throw new RefusedError(path, `has the same name at the destination as ${printable(other)}`, 'EPCOPY_NAMES');
    }
    seen.set(name, toRaw(source));
    const dir = parents.get(typed) ?? orRefuse(path, 'cannot look at the source', () => real(typed));
    parents.set(typed, dir);
    const group = groups.get(dir) ?? { dir, names: [], directories: [] };
    groups.set(dir, group);
    group.names.push(name);
    const at = join(dir, name);
    if (orRefuse(path, 'cannot look at the source', () => isDirectory(at, join(destination, name), config))) {
      group.directories.push(config.dereference ? real(at) : at);
    }
    checkOutputs(config, at, () => join(destination, name));
  }
  return [...groups.values()];
}

// A link itself, or with `dereference` its target.
function isDirectory(path: RawPath, copy: RawPath, { dereference }: Config): boolean {
  const link = lookAtLink(path);
  const found = link === null || dereference ? look(path) : null;
  if (link === null && found === null) throw new RefusedError(path, 'no such file or directory', 'ENOENT');
  const old = link === null ? look(copy) : lookAtLink(copy);
  if (old !== null && old.identity === (link ?? found)?.identity) {
    throw new RefusedError(path, 'source and destination are the same', 'EPCOPY_OVERLAP');
  }
  return found?.type === 'd';
}
