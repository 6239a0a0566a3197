import { types } from 'node:util';
import { CopyError, type Failure } from '../api/errors.ts';
import type { RawPath } from '../api/names.ts';
import type { TypeLetter } from './file-system.ts';
import { SystemError } from './system-error.ts';

type Side = Failure['side'];

/**
 * Runs a step of an entry; a SystemError becomes a CopyError that names both. What every file needs has a try statement of its own
 * instead: five closures a file take 4 % of the processor's time of a run with -a.
 */
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

/** A failure other than that of a system call. Our own codes begin with `EPCOPY_`. */
export function entryError(path: RawPath, side: Side, action: string, code: string, message: string): CopyError {
  return new CopyError({ path, side, action, code, message });
}

/** A directory has the place of another type of entry. */
export function directoryInTheWay(path: RawPath): CopyError {
  return entryError(path, 'destination', 'replace', 'EISDIR', 'a directory is in the way');
}

/** Another type of entry has the place of a directory. */
export function notADirectory(path: RawPath, there: TypeLetter | undefined): CopyError {
  const what = there === 'l' ? 'symbolic link' : 'file';
  return entryError(path, 'destination', 'make directory', 'ENOTDIR', `a ${what} is where a directory should be`);
}

/** Any error as plain data. An unexpected one keeps its stack as the message. */
export function toFailure(error: unknown, path: RawPath): Failure {
  if (error instanceof CopyError) return error.failure;
  if (error instanceof SystemError) {
    return { path, action: error.syscall, code: error.code, message: error.message, side: 'destination' };
  }
  const message = types.isNativeError(error) ? (error.stack ?? error.message) : String(error);
  return { path, action: 'copy', code: 'EPCOPY_INTERNAL', message, side: 'source' };
}
