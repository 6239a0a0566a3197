import { lstatSync, realpathSync, statSync } from 'node:fs';
import { isAbsolute, resolve } from 'node:path';
import type { Config } from '../api/config.ts';
import { RefusedError } from '../api/errors.ts';
import { fromText, join, type RawPath, toBytes } from '../api/names.ts';
import type { Stat } from '../fs/file-system.ts';
import { nodeStat } from '../fs/node-stat.ts';
import { orNull, SystemError, systemCall } from '../fs/system-error.ts';

type Base = Pick<Config, 'workingDirectory'>;

/** A typed path as absolute bytes, with `..` and links still in it. */
export function absolute(path: string | Uint8Array, { workingDirectory }: Base): RawPath {
  const raw = toRaw(path);
  if (raw === '') throw new RefusedError('', 'the path is empty', 'ENOENT');
  if (isAbsolute(raw)) return raw;
  if (workingDirectory === null) throw new RefusedError(raw, 'the working directory has been removed', 'ENOENT');
  return join(workingDirectory, raw);
}

/** The same refusal with its path as typed, or relative if the typed paths are. */
export function asTyped(
  error: RefusedError,
  typed: readonly (string | Uint8Array)[],
  { workingDirectory }: Base,
): RefusedError {
  const paths = typed.map(toRaw).filter((raw) => raw !== '');
  const here = workingDirectory === '/' ? '/' : `${workingDirectory}/`;
  const same = paths.find((raw) => (isAbsolute(raw) ? raw : `${here}${raw}`) === error.path);
  const isNear = error.path.startsWith(here) && !paths.some((raw) => raw.startsWith(error.path));
  const isRelative = isNear && paths.some((raw) => !isAbsolute(raw));
  const path = same ?? (isRelative ? error.path.slice(here.length) : error.path);
  return new RefusedError(path, error.message, error.code, { cause: error.cause });
}

export function toRaw(path: string | Uint8Array): RawPath {
  return typeof path === 'string' ? fromText(path) : Buffer.from(path).toString('latin1');
}

/**
 * The path without links, `.` and `..`. Throws SystemError when it does not exist. Node's own `realpath` resolves `..`
 * textually, before links, and cannot handle names that are not UTF-8.
 */
export function real(path: RawPath): RawPath {
  return systemCall(() => realpathSync.native(toBytes(path), { encoding: 'buffer' })).toString('latin1');
}

/** A path without links as far as it exists. */
export interface ResolvedPath {
  /** Its real path, with the missing names. */
  path: RawPath;
  existing: RawPath;
  missing: RawPath[];
}

/** `a/missing/../b` becomes `a/b`, as with `mkdir -p`. */
export function realAsFarAsItExists(path: RawPath): ResolvedPath {
  const missing: RawPath[] = [];
  for (let at = path; ; ) {
    const existing = orNull(() => real(at), 'ENOENT');
    if (existing !== null) return { path: missing.reduce(join, existing), existing, missing };
    const trimmed = at.replace(/\/+$/, '');
    const slash = trimmed.lastIndexOf('/');
    const name = trimmed.slice(slash + 1);
    if (name === '..' || name === '.') {
      at = resolve(trimmed);
      continue;
    }
    missing.unshift(name);
    at = trimmed.slice(0, slash) || '/';
  }
}

/** The same, without resolving the last name. */
export function realName(path: RawPath): RawPath {
  const slash = path.lastIndexOf('/');
  return `${real(path.slice(0, slash) || '/').replace(/\/$/, '')}${path.slice(slash)}`;
}

/** What is there, links followed. Throws SystemError, also when nothing is there. */
export function statOf(path: RawPath): Stat {
  return systemCall(() => nodeStat(statSync(toBytes(path), { bigint: true })));
}

/** The same; null when nothing is there. */
export function look(path: RawPath): Stat | null {
  return orNull(() => statOf(path), 'ENOENT');
}

/** A symbolic link itself; null when it is none. */
export function lookAtLink(path: RawPath): Stat | null {
  const stat = orNull(() => nodeStat(lstatSync(toBytes(path), { bigint: true })), 'ENOENT');
  return stat?.type === 'l' ? stat : null;
}

/** Makes a call without which the run cannot begin: a SystemError becomes a RefusedError that says what could not be done. */
export function orRefuse<T>(path: RawPath, what: string, call: () => T): T {
  try {
    return call();
  } catch (error) {
    if (!(error instanceof SystemError)) throw error;
    throw new RefusedError(path, `${what}: ${error.message}`, error.code, { cause: error });
  }
}
