import { RefusedError } from '../api/errors.ts';
import type { RawPath } from '../api/names.ts';
import { orNull } from '../fs/system-error.ts';
import { isWithin, type Location, locate, type Mount, trim } from './mounts.ts';
import { look, statOf } from './paths.ts';

/**
 * Throws when the destination is a source or lies in one: by name, through a link (the paths are real), or through a bind
 * mount on either side. To be called before anything is written.
 * @param destination real as far as it exists, the missing rest appended
 * @param isLeftOut the listing excludes the destination's own path; other paths to it are still refused
 */
export function checkOverlap(
  mounts: readonly Mount[],
  sources: readonly RawPath[],
  destination: RawPath,
  existing: RawPath,
  isLeftOut = false,
): void {
  const names = new Set(sources);
  for (const dir of ancestors(destination)) {
    if (!names.has(dir)) continue;
    if (dir === destination) throw same(destination);
    if (!isLeftOut) throw inside(destination);
  }
  checkAncestors(sources, existing, { exists: destination === existing, isLeftOut });
  checkMounts(mounts, sources, destination, isLeftOut);
}

// By identity: a bind mount of the source has the source's identity.
function checkAncestors(
  sources: readonly RawPath[],
  existing: RawPath,
  { exists, isLeftOut }: { exists: boolean; isLeftOut: boolean },
): void {
  const identities = new Set(sources.map((source) => look(source)?.identity));
  for (const [index, dir] of ancestors(existing).entries()) {
    if (isLeftOut && sources.includes(dir)) return;
    if (identities.has(look(dir)?.identity)) throw exists && index === 0 ? same(existing) : inside(existing);
  }
}

// For a bind mount of a part of the source only the mount table tells where it belongs.
function checkMounts(
  mounts: readonly Mount[],
  sources: readonly RawPath[],
  destination: RawPath,
  isLeftOut: boolean,
): void {
  const to = locate(mounts, destination);
  if (to === null) return;
  for (const part of partsOf(mounts, sources)) {
    if (part.device !== to.device || !isWithin(to.path, part.path)) continue;
    const seenAs = trim(part.at) + to.path.slice(trim(part.path).length);
    if (!isLeftOut || seenAs !== destination) throw inside(destination);
  }
}

interface Part extends Location {
  /** Its path here. */
  at: RawPath;
}

/** Locations of the sources and of mounts in them. */
function partsOf(mounts: readonly Mount[], sources: readonly RawPath[]): Part[] {
  const own = sources.flatMap((at) => {
    const place = locate(mounts, at);
    return place === null ? [] : [{ ...place, at }];
  });
  return [...own, ...mountedIn(mounts, sources).map(({ device, root, point }) => ({ device, path: root, at: point }))];
}

function mountedIn(mounts: readonly Mount[], sources: readonly RawPath[]): Mount[] {
  return mounts.filter(({ point }) => sources.some((source) => isWithin(point, source)));
}

/**
 * Identities of the directories that a copy must not write into: the sources, mounts in them, their parents inside the
 * destination, and parts of the sources mounted in the destination. Throws SystemError.
 * @param parent the directory of the sources
 */
export function forbiddenPlaces(
  mounts: readonly Mount[],
  sources: readonly RawPath[],
  parent: RawPath,
  destination: RawPath,
): string[] {
  const found = new Set([...sources, ...dirsWithin(parent, destination)].map((path) => statOf(path).identity));
  for (const point of mountedParts(mounts, sources, destination)) {
    const identity = orNull(() => statOf(point).identity);
    // Hidden by another mount, or not answering: nothing can be written there either.
    if (identity !== null) found.add(identity);
  }
  return [...found];
}

// The directory and its parents below the destination; none when it is not inside.
function dirsWithin(dir: RawPath, destination: RawPath): RawPath[] {
  const dirs = ancestors(dir);
  const top = look(destination)?.identity;
  const end = dirs.findIndex((at) => look(at)?.identity === top);
  return dirs.slice(0, Math.max(end, 0));
}

// Other paths to parts of the sources, through bind mounts.
function mountedParts(mounts: readonly Mount[], sources: readonly RawPath[], destination: RawPath): RawPath[] {
  const parts = partsOf(mounts, sources);
  const isPart = ({ device, root }: Mount): boolean =>
    parts.some((part) => part.device === device && isWithin(root, part.path));
  const there = mounts.filter((mount) => isWithin(mount.point, destination) && isPart(mount));
  // The destination itself may be mounted in the source, where patterns exclude it.
  const inside = mountedIn(mounts, sources).filter(({ point }) => !isWithin(destination, point));
  return [...inside, ...there].map(({ point }) => point);
}

/** The directory and its parents, up to the root. */
function ancestors(path: RawPath): RawPath[] {
  const dirs: RawPath[] = [];
  for (let at = path; ; at = at.slice(0, at.lastIndexOf('/'))) {
    dirs.push(at === '' ? '/' : at);
    if (at === '' || at === '/') return dirs;
  }
}

function same(path: RawPath): RefusedError {
  return overlap(path, 'source and destination are the same directory');
}

function inside(destination: RawPath): RefusedError {
  return overlap(destination, 'the destination lies inside the source');
}

function overlap(path: RawPath, message: string): RefusedError {
  return new RefusedError(path, message, 'EPCOPY_OVERLAP');
}
