import { constants } from 'node:os';
import { getSystemErrorMap, types } from 'node:util';
import { CopyError } from '../api/errors.ts';

const nameOfErrno = new Map(Object.entries(constants.errno).map(([name, errno]) => [errno, name]));
// EWOULDBLOCK has the same number on most systems, and comes later.
nameOfErrno.set(constants.errno.EAGAIN, 'EAGAIN');

// libuv has no messages for these; Node says `Unknown system error -122`.
const EXTRA: Record<string, string> = {
  EOPNOTSUPP: 'operation not supported',
  EDQUOT: 'disk quota exceeded',
  ESTALE: 'stale file handle',
  ENODATA: 'no data available',
  EMULTIHOP: 'multihop attempted',
};

/** A failed system call of either driver. `code` is the errno's name. */
export class SystemError extends Error {
  override name = 'SystemError';
  readonly code: string;
  readonly syscall: string;
  constructor(code: string, syscall: string, options?: ErrorOptions) {
    super(messageOfCode(code), options);
    this.code = code;
    this.syscall = syscall;
  }
}

/** @param errno positive, as the C library gives it */
export function systemError(errno: number, syscall: string): SystemError {
  return new SystemError(nameOfErrno.get(errno) ?? `E${errno}`, syscall);
}

/**
 * Converts an error of Node's to a SystemError; returns anything else unchanged. Not by `instanceof`: under Jest, Node's errors
 * belong to another realm.
 */
export function fromNode(error: unknown): unknown {
  if (!types.isNativeError(error) || !('syscall' in error) || !('errno' in error)) return error;
  const { errno, syscall } = error as NodeJS.ErrnoException;
  if (typeof errno !== 'number') return error;
  return new SystemError(nameOfErrno.get(Math.abs(errno)) ?? String(Reflect.get(error, 'code')), String(syscall), {
    cause: error,
  });
}

/** Makes a call of `node:fs`; its errors become SystemErrors. */
export function systemCall<T>(call: () => T): T {
  try {
    return call();
  } catch (error) {
    throw fromNode(error);
  }
}

/** The same for a call that answers later. */
export async function systemCallAsync<T>(call: () => Promise<T>): Promise<T> {
  try {
    return await call();
  } catch (error) {
    throw fromNode(error);
  }
}

/** Returns null when a system call fails (with one of the codes, if given). Other errors are rethrown. */
export function orNull<T>(call: () => T, ...codes: string[]): T | null {
  try {
    return call();
  } catch (error) {
    const code = error instanceof CopyError ? error.code : codeOf(fromNode(error));
    if (code === '' || (codes.length > 0 && !codes.includes(code))) throw fromNode(error);
    return null;
  }
}

/** The errno's name, or '' when this is not a failed system call. */
export function codeOf(error: unknown): string {
  return error instanceof SystemError ? error.code : '';
}

function messageOfCode(code: string): string {
  const extra = EXTRA[code];
  if (extra !== undefined) return extra;
  for (const [name, message] of getSystemErrorMap().values()) if (name === code) return message;
  return 'system error';
}
