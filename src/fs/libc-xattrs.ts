import { constants } from 'node:os';
import type { ExtendedAttributes } from './file-system.ts';
import * as libc from './libc-calls.ts';
import { pathOf } from './proc-path.ts';
import { systemError } from './system-error.ts';

const { EBADF, ERANGE } = constants.errno;

/**
 * Attributes of a handle. An entry that is not open is reached through /proc/self/fd, since *at calls exist only from Linux 6.13
 * on.
 */
export const libcXattrs: ExtendedAttributes = {
  list(handle) {
    const raw = grow((buffer, size) =>
      orByPath(libc.flistxattr(handle, buffer, size), () => libc.listxattr(pathOf(handle), buffer, size)),
    );
    return raw.toString('latin1').split('\0').filter(Boolean);
  },
  has(handle, attribute) {
    const key = libc.cname(attribute);
    return orByPath(libc.fgetxattr(handle, key, null, 0), () => libc.getxattr(pathOf(handle), key, null, 0)) >= 0;
  },
  get(handle, attribute) {
    const key = libc.cname(attribute);
    return grow((buffer, size) =>
      orByPath(libc.fgetxattr(handle, key, buffer, size), () => libc.getxattr(pathOf(handle), key, buffer, size)),
    );
  },
  set(handle, attribute, value) {
    const key = libc.cname(attribute);
    const { length } = value;
    const done = orByPath(libc.fsetxattr(handle, key, value, length, 0), () =>
      libc.setxattr(pathOf(handle), key, value, length, 0),
    );
    if (done < 0) throw systemError(libc.errno(), 'setxattr');
  },
  remove(handle, attribute) {
    const key = libc.cname(attribute);
    const done = orByPath(libc.fremovexattr(handle, key), () => libc.removexattr(pathOf(handle), key));
    if (done < 0) throw systemError(libc.errno(), 'removexattr');
  },
};

function orByPath(result: number, byPath: () => number): number {
  return result < 0 && libc.errno() === EBADF ? byPath() : result;
}

const first = Buffer.alloc(1024);

// Most results are short: one call with a small buffer, then if needed one with the size that the kernel reports.
function grow(call: (buffer: Buffer, size: number) => number): Buffer {
  let buffer = first;
  for (;;) {
    const size = call(buffer, buffer.length);
    if (size >= 0) return Buffer.from(buffer.subarray(0, size));
    if (libc.errno() !== ERANGE || buffer.length >= 1 << 20) throw systemError(libc.errno(), 'getxattr');
    buffer = Buffer.alloc(buffer.length * 8);
  }
}
