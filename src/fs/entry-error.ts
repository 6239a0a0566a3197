import { types } from 'node:util';
import { CopyError, type Failure } from '../api/errors.ts';
import type { RawPath } from '../api/names.ts';
import type { TypeLetter } from './file-system.ts';
import { SystemError } from './system-error.ts';

type Side = Failure['side'];

/** Runs a step and, when the system refuses, says which step of which entry it was. */
export function attempt<T>(path: RawPath, side: Side, action: string, step: () => T): T {
  try {
    return step();
  } catch (error) {
    throw toCopyError(error, path, side, action);
  }
}

export function toCopyError(error: unknown, path: RawPath, side: Side, action: string): unknown {
  if (!(error instanceof SystemError)) return error;
  return new CopyError({ path, side, action, code: error.code, message: error.message }, { cause: error });
}

/** A failure that is not a system call's. Codes of our own begin with `EPCOPY_`. */
export function entryError(path: RawPath, side: Side, action: string, code: string, message: string): CopyError {
  return new CopyError({ path, side, action, code, message });
}

/** A directory stands where something else is to be. */
export function isDirectory(path: RawPath): CopyError {
  return entryError(path, 'destination', 'replace', 'EISDIR', 'a directory is in the way');
}

/** Something else stands where a directory is to be. */
export function notDirectory(path: RawPath, there: TypeLetter | undefined): CopyError {
  const what = there === 'l' ? 'symbolic link' : 'file';
  return entryError(path, 'destination', 'make directory', 'ENOTDIR', `a ${what} is where a directory should be`);
}

/** Any error as plain data. What is not expected keeps its message and is not hidden. */
export function toFailure(error: unknown, path: RawPath): Failure {
  if (error instanceof CopyError) return error.failure;
  if (error instanceof SystemError) {
    return { path, action: error.syscall, code: error.code, message: error.message, side: 'destination' };
  }
  const message = types.isNativeError(error) ? (error.stack ?? error.message) : String(error);
  return { path, action: 'copy', code: 'EPCOPY_INTERNAL', message, side: 'source' };
}
