import type { Config } from '../api/config.ts';
import { RefusedError } from '../api/errors.ts';
import { fromText, join, type RawPath, splitPath } from '../api/names.ts';
import { orNull } from '../fs/system-error.ts';
import { isWithin } from './mounts.ts';
import { absolute, look, lookAtLink, orRefuse, real, realAsFarAsItExists } from './paths.ts';

/** The place of a file that the run writes beside the copy: the manifest, the trace. */
export interface OutputPlace {
  /** Absolute; its directory may still contain links. */
  path: RawPath;
  /** The path relative to the destination; null when it lies elsewhere. */
  within: RawPath | null;
  /** A FIFO or a device, which is written to, not replaced. Never inside the destination, where others may have put it. */
  isStream: boolean;
}

export function placeOfOutput(typed: string, config: Config, destination: RawPath): OutputPlace {
  const path = absolute(typed, config);
  const within = outputWithin(typed, config, destination);
  return { path, within, isStream: within === null && leadsToStream(path) };
}

/** The paths of such files inside the destination, relative to it. */
export function outputsWithin(config: Config, destination: RawPath): RawPath[] {
  return outputs(config).flatMap(([, typed]) => outputWithin(typed, config, destination) ?? []);
}

function outputs({ manifest, trace }: Config): [what: string, typed: string][] {
  return Object.entries({ manifest, trace }).filter((output): output is [string, string] => output[1] !== null);
}

function outputWithin(typedPath: string, config: Config, destination: RawPath): RawPath | null {
  const path = absolute(typedPath, config);
  const typed = typedWithin(path, destination);
  if (typed !== null) return typed;
  const place = placeOf(path);
  return isWithin(place, destination) ? place.slice(destination.length).replace(/^\/+/, '') : null;
}

// A path that was typed below the destination counts as below it, whatever links are on the way now.
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

// Also a file behind `/dev/stdout` or a shell's `/dev/fd/63`: those names must not be replaced.
function leadsToStream(path: RawPath): boolean {
  const there = look(path);
  const isReplaceable = there === null || there.type === 'f' || there.type === 'd';
  return !isReplaceable || /^\/(dev\/[^/]+|proc\/.+)$/.test(placeOf(path));
}

/**
 * Throws RefusedError when the manifest or the trace cannot be written to its place, or would replace the source, something in
 * it, or its copy.
 * @param source real path of what is copied, a tree or one entry
 * @param copy its destination: real, except for a last name that is replaced
 */
export function checkOutputs(config: Config, source: RawPath, copy: () => RawPath): void {
  const places = new Set<RawPath>();
  for (const [what, typed] of outputs(config)) {
    orRefuse(fromText(typed), `cannot make the ${what}`, () => {
      const place = checkOutput(what, typed, { config, source, copy });
      if (places.has(place)) throw overlap(typed, `the ${what} would take the place of the manifest`);
      places.add(place);
    });
  }
}

interface Sides {
  config: Config;
  source: RawPath;
  copy: () => RawPath;
}

function overlap(typed: string, why: string): RefusedError {
  return new RefusedError(fromText(typed), why, 'EPCOPY_OVERLAP');
}

function checkOutput(what: string, typed: string, { config, source, copy }: Sides): RawPath {
  const path = absolute(typed, config);
  const there = look(path);
  if (there?.type === 'd') throw new RefusedError(fromText(typed), `the ${what} is a directory`, 'EISDIR');
  const place = placeOf(path);
  const isSource = there !== null && there.identity === look(source)?.identity && there.type !== 'f';
  // A copy inside the source itself is excluded, or refused elsewhere.
  if ((isWithin(place, source) && !isWithin(place, copy())) || isSource)
    throw overlap(typed, `the ${what} would be written into the source`);
  const inCopy = outputWithin(typed, config, copy());
  if (inCopy !== null && exists(inCopy === '' ? source : join(source, inCopy)))
    throw overlap(typed, `the ${what} would take the place of a copy`);
  return place;
}

// A link at the end is replaced, not followed.
export function placeOf(path: RawPath): RawPath {
  const [dir, name] = splitPath(path.replace(/\/+$/, ''));
  return join(realAsFarAsItExists(dir === '' ? '/' : dir).path, name);
}

function exists(path: RawPath): boolean {
  return look(path) !== null || lookAtLink(path) !== null;
}
