import type { Config } from '../api/config.ts';
import { CopyError, RefusedError } from '../api/errors.ts';
import type { RawPath } from '../api/names.ts';
import { DirHandleCache } from '../fs/dir-handle-cache.ts';
import { heldHandles } from '../fs/directories.ts';
import type { FileSystem, Handle, Stat } from '../fs/file-system.ts';
import { codeOf } from '../fs/system-error.ts';
import type { EntriesOfDirectory } from '../protocol/jobs.ts';
import { isWithin, listMounts } from './mounts.ts';
import type { Plan } from './prepare.ts';
import { addNeed, noNeed, type Rules, shortage } from './space-need.ts';
import { type Volume, volumeOf } from './volume.ts';

/** How an entry's size is asked for. */
interface Source {
  stat(dir: RawPath, name: RawPath): Stat | null;
}

/** Counts what the copy needs, and in the end compares it with what is free. */
export interface SpaceCheck {
  add(group: EntriesOfDirectory, source: Source): void;
  /** Throws RefusedError when it cannot fit. */
  finish(): void;
  close(): void;
}

/** @returns null when it fits without counting, or cannot be told */
export function spaceCheck(fs: FileSystem, plans: readonly Plan[], config: Config): SpaceCheck | null {
  const [plan] = plans;
  const there = plan === undefined ? null : volumeOf(plan.destination.path);
  if (plan === undefined || there === null) return null;
  const all = plans.map(({ source }) => volumeOf(source.path));
  const known = all.filter((here) => here !== null);
  if (known.length < all.length) return null;
  // What several file systems hold is counted.
  const [here] = known;
  if (plans.length === 1 && here !== undefined && fitsAsAWhole(here, there, plan, config)) return null;
  const root = fs.openRoot(plan.destination.path);
  // Nothing is below a directory that the run has just made.
  const chain = plan.merged
    ? new DirHandleCache(fs, root, heldHandles(), (parent, name) => fs.openDirectory(parent, name))
    : null;
  const need = noNeed();
  const rules: Rules = {
    unit: there.unit,
    holes: config.sparse !== 'never',
    atomic: config.atomic,
    kept: (stat, old) => isKept(config, stat, old),
  };
  return {
    add: ({ dir, names }, source) => {
      const old = chain === null ? null : openOrNull(chain, dir);
      for (const name of names.split('/')) {
        const stat = orNull(() => source.stat(dir, name));
        if (stat === null) continue;
        const as = plan.single?.as ?? name;
        addNeed(need, rules, stat, old === null ? null : orNull(() => fs.statAt(old, as)));
      }
    },
    finish: () => {
      const message = shortage(
        need,
        there,
        known.some((here) => mayShare(here, there, config)),
      );
      if (message !== null) throw new RefusedError(plan.destination.path, message, 'ENOSPC');
    },
    close: () => {
      chain?.close();
      fs.close(root);
    },
  };
}

// The whole file system that the source lies on would fit: each file rounded up, and more where files may be stored
// packed or shared. Links that are followed can lead elsewhere, and filled holes need more than they take now.
function fitsAsAWhole(here: Volume, there: Volume, plan: Plan, config: Config): boolean {
  if (config.dereference || config.sparse === 'never') return false;
  const bytes = here.used * (here.packs ? 4 : 1) + here.usedInodes * there.unit;
  const inodes = there.countsInodes ? here.usedInodes : 0;
  const fits = bytes < there.free && (!there.countsInodes || (here.countsInodes && inodes < there.freeInodes));
  return fits && !listMounts().some((m) => m.point !== plan.source.path && isWithin(m.point, plan.source.path));
}

// `auto` may share blocks, and need none; whether it does is seen only when it is tried.
function mayShare(here: Volume, there: Volume, config: Config): boolean {
  return config.reflink === 'always' || (config.reflink === 'auto' && here.clones && here.sameAs(there));
}

function isKept(config: Config, stat: Stat, old: Stat): boolean {
  if (config.ifExists === 'skip' || config.ifExists === 'error') return true;
  if (config.ifExists === 'older' && old.mtime > stat.mtime) return true;
  if (!config.update || old.type !== 'f' || stat.size !== old.size) return false;
  return config.checksum || (stat.mtime === old.mtime && sameFraction(stat.mtimeNs, old.mtimeNs));
}

// Roughly: a side that ends in zeros may not hold more.
function sameFraction(a: number, b: number): boolean {
  return a === b || a % 1000 === 0 || b % 1000 === 0;
}

function openOrNull(chain: DirHandleCache, dir: RawPath): Handle | null {
  return orNull(() => chain.open(dir));
}

// What cannot be looked at is left for the run to tell.
function orNull<T>(look: () => T): T | null {
  try {
    return look();
  } catch (error) {
    if (codeOf(error) === '' && !(error instanceof CopyError)) throw error;
    return null;
  }
}
