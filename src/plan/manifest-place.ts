import type { Config } from '../api/config.ts';
import { RefusedError } from '../api/errors.ts';
import { fromText, join, type RawPath, splitPath } from '../api/names.ts';
import { orNull } from '../fs/system-error.ts';
import { isWithin } from './mounts.ts';
import { absolute, look, lookAtLink, orRefuse, real, realAsFarAsItExists } from './paths.ts';

/** Where the list of checksums is to be. */
export interface ManifestPlace {
  /** Absolute; the way to its directory may still lead through links. */
  path: RawPath;
  /** The path relative to the destination; null when it lies elsewhere. */
  within: RawPath | null;
  /** A FIFO or a device, which is written to. Inside the destination nothing is taken for one: others may have put it there. */
  isStream: boolean;
}

export function placeOfManifest(typed: string, config: Config, destination: RawPath): ManifestPlace {
  const path = absolute(typed, config);
  const within = manifestWithin(config, destination);
  return { path, within, isStream: within === null && leadsToStream(path) };
}

/** The list of checksums as a path relative to the destination; null when it lies elsewhere. */
export function manifestWithin(config: Config, destination: RawPath): RawPath | null {
  if (config.manifest === null) return null;
  const path = absolute(config.manifest, config);
  const typed = typedWithin(path, destination);
  if (typed !== null) return typed;
  const place = placeOf(path);
  return isWithin(place, destination) ? place.slice(destination.length).replace(/^\/+/, '') : null;
}

// What was typed as a path below the destination is meant to be there, whatever links stand on the way now.
function typedWithin(path: RawPath, destination: RawPath): RawPath | null {
  for (let slash = path.lastIndexOf('/'); slash > 0; slash = path.lastIndexOf('/', slash - 1)) {
    const rest = path
      .slice(slash + 1)
      .split('/')
      .filter((name) => name !== '' && name !== '.');
    if (rest.includes('..')) return null;
    if (rest.length > 0 && orNull(() => real(path.slice(0, slash))) === destination) return rest.join('/');
  }
  return null;
}

// Also a file that `/dev/stdout` or a shell's `/dev/fd/63` leads to: those names are not there to be replaced.
function leadsToStream(path: RawPath): boolean {
  const there = look(path);
  const isReplaceable = there === null || there.kind === 'file' || there.kind === 'directory';
  return !isReplaceable || /^\/(dev\/[^/]+|proc\/.+)$/.test(placeOf(path));
}

/**
 * Throws RefusedError when the list of checksums cannot have its place: it would be seen only when all is copied, or the
 * list would take the place of the source, of something in it, or of its copy.
 * @param source real path of what is copied, a tree or one entry
 * @param copy where that goes: real, but for a last name that is replaced
 */
export function checkManifest(config: Config, source: RawPath, copy: () => RawPath): void {
  const { manifest } = config;
  if (manifest === null) return;
  const typed = fromText(manifest);
  const overlap = (why: string): RefusedError => new RefusedError(typed, why, 'EPCOPY_OVERLAP');
  orRefuse(typed, 'cannot make the manifest', () => {
    const path = absolute(manifest, config);
    const there = look(path);
    if (there?.kind === 'directory') throw new RefusedError(typed, 'the manifest is a directory', 'EISDIR');
    const place = placeOf(path);
    const isSource = there !== null && there.identity === look(source)?.identity && there.kind !== 'file';
    // A copy that lies in the source itself is left out of it, or the run is refused for that.
    if ((isWithin(place, source) && !isWithin(place, copy())) || isSource)
      throw overlap('the manifest would be written into the source');
    const inCopy = manifestWithin(config, copy());
    if (inCopy !== null && exists(inCopy === '' ? source : join(source, inCopy)))
      throw overlap('the manifest would take the place of a copy');
  });
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
