import { RefusedError } from '../api/errors.ts';
import { fromText, join, type RawPath, splitPath } from '../api/names.ts';
import { isWithin } from './mounts.ts';
import { absolute, look, lookAtLink, realAsFarAsItExists, refusedBy } from './paths.ts';

/** The list of checksums as a path relative to the destination; null when it lies elsewhere. */
export function manifestWithin(manifest: string | null, destination: RawPath): RawPath | null {
  if (manifest === null) return null;
  const path = placeOf(absolute(manifest));
  return isWithin(path, destination) ? path.slice(destination.length).replace(/^\/+/, '') : null;
}

/**
 * Throws RefusedError when the list of checksums cannot have its place: it would be seen only when all is copied, or the
 * list would take the place of the source, of something in it, or of its copy.
 * @param source real path of what is copied, a tree or one entry
 * @param copy where that goes: real, but for a last name that is replaced
 */
export function checkManifest(manifest: string | null, source: RawPath, copy: () => RawPath): void {
  if (manifest === null) return;
  const typed = fromText(manifest);
  const overlap = (why: string): RefusedError => new RefusedError(typed, why, 'EPCOPY_OVERLAP');
  try {
    const path = absolute(manifest);
    const there = look(path);
    if (there?.kind === 'directory') throw new RefusedError(typed, 'the manifest is a directory', 'EISDIR');
    const place = placeOf(path);
    const isSource = there !== null && there.identity === look(source)?.identity && there.kind !== 'file';
    if (isWithin(place, source) || isSource) throw overlap('the manifest would be written into the source');
    const inCopy = manifestWithin(manifest, copy());
    if (inCopy !== null && exists(inCopy === '' ? source : join(source, inCopy)))
      throw overlap('the manifest would take the place of a copy');
  } catch (error) {
    throw refusedBy(error, typed, 'cannot make the manifest');
  }
}

// A link at the end is replaced, not followed.
export function placeOf(path: RawPath): RawPath {
  const [dir, name] = splitPath(path.replace(/\/+$/, ''));
  const { existing, missing } = realAsFarAsItExists(dir === '' ? '/' : dir);
  return join(missing.reduce(join, existing), name);
}

function exists(path: RawPath): boolean {
  return look(path) !== null || lookAtLink(path) !== null;
}
