import { RefusedError } from '../api/errors.ts';
import type { RawPath } from '../api/names.ts';
import { codeOf } from '../fs/system-error.ts';
import { isWithin, listMounts, locate, type Mount } from './mounts.ts';
import { look } from './paths.ts';

/**
 * Throws when the destination is the source or lies in it: by name, by a link (the paths are real ones), or by a bind
 * mount at either end. Nothing has been written when this is asked.
 * @param destination real as far as it exists, the missing rest appended
 */
export function checkOverlap(source: RawPath, destination: RawPath, existing: RawPath): void {
  if (destination === source) throw overlap(destination, 'source and destination are the same directory');
  if (isWithin(destination, source)) throw inside(destination);
  checkAncestors(source, existing, destination === existing);
  checkMounts(source, destination);
}

// By identity, whatever the names are: a bind mount of the source has the source's own identity.
function checkAncestors(source: RawPath, existing: RawPath, exists: boolean): void {
  const identity = look(source)?.identity;
  for (const [index, dir] of ancestors(existing).entries()) {
    if (look(dir)?.identity !== identity) continue;
    if (exists && index === 0) throw overlap(existing, 'source and destination are the same directory');
    throw inside(existing);
  }
}

// A bind mount of a part of the source hides where it belongs; the mount table tells.
function checkMounts(source: RawPath, destination: RawPath): void {
  const mounts = listMounts();
  const from = locate(mounts, source);
  const to = locate(mounts, destination);
  if (from === null || to === null) return;
  const roots = [
    from,
    ...mounts.filter((m) => isWithin(m.point, source)).map((m) => ({ device: m.device, path: m.root })),
  ];
  for (const root of roots) {
    if (root.device === to.device && isWithin(to.path, root.path)) throw inside(destination);
  }
}

/**
 * Identities of what a copy must not write into: the source, and what is mounted in it; those of its parents that lie in
 * the destination; parts of the source that are mounted in the destination.
 */
export function forbiddenPlaces(
  source: RawPath,
  destination: RawPath,
  identityOf: (path: RawPath) => string,
): string[] {
  const found = new Set([source, ...parentsWithin(source, destination)].map(identityOf));
  for (const point of mountedParts(source, destination)) {
    try {
      found.add(identityOf(point));
    } catch (error) {
      // Hidden by another mount, or dead: then nothing can be written there either.
      if (codeOf(error) === '') throw error;
    }
  }
  return [...found];
}

function parentsWithin(source: RawPath, destination: RawPath): RawPath[] {
  const dirs = ancestors(source);
  const top = look(destination)?.identity;
  const end = dirs.findIndex((dir) => look(dir)?.identity === top);
  return dirs.slice(1, Math.max(end, 1));
}

// Where parts of the source can be seen: a bind mount has another path and the same files.
function mountedParts(source: RawPath, destination: RawPath): RawPath[] {
  const mounts = listMounts();
  const inside = mounts.filter(({ point }) => isWithin(point, source));
  const from = locate(mounts, source);
  const parts = inside.map(({ device, root }) => ({ device, path: root }));
  if (from !== null) parts.push(from);
  const isPart = ({ device, root }: Mount): boolean =>
    parts.some((part) => part.device === device && isWithin(root, part.path));
  const there = mounts.filter((mount) => isWithin(mount.point, destination) && isPart(mount));
  return [...inside, ...there].map(({ point }) => point);
}

/** The directory itself, its parent, and so on up to the root. */
function ancestors(path: RawPath): RawPath[] {
  const dirs: RawPath[] = [];
  for (let at = path; ; at = at.slice(0, at.lastIndexOf('/'))) {
    dirs.push(at === '' ? '/' : at);
    if (at === '' || at === '/') return dirs;
  }
}

function inside(destination: RawPath): RefusedError {
  return overlap(destination, 'the destination lies inside the source');
}

function overlap(path: RawPath, message: string): RefusedError {
  return new RefusedError(path, message, 'EPCOPY_OVERLAP');
}
