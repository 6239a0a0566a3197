import type { RawPath } from '../api/names.ts';
import type { ExtendedAttributes, Handle } from './file-system.ts';
import * as libc from './libc-calls.ts';
import { systemError } from './system-error.ts';

const ERANGE = 34;

/**
 * Attributes of an open file or directory (`name` null) or of an entry of a directory. Entries that cannot be opened
 * (links, devices) go by /proc/self/fd, since there is no call of the *at kind before Linux 6.13.
 */
export const libcXattrs: ExtendedAttributes = {
  list(handle, name) {
    const raw = grow((buffer, size) =>
      name === null
        ? libc.flistxattr(handle, buffer, size)
        : libc.llistxattr(libc.cname(pathOf(handle, name)), buffer, size),
    );
    return raw.toString('latin1').split('\0').filter(Boolean);
  },
  has(handle, attribute) {
    return libc.fgetxattr(handle, libc.cname(attribute), null, 0) >= 0;
  },
  get(handle, name, attribute) {
    const key = libc.cname(attribute);
    return grow((buffer, size) =>
      name === null
        ? libc.fgetxattr(handle, key, buffer, size)
        : libc.lgetxattr(libc.cname(pathOf(handle, name)), key, buffer, size),
    );
  },
  set(handle, name, attribute, value) {
    const key = libc.cname(attribute);
    check(
      name === null
        ? libc.fsetxattr(handle, key, value, value.length, 0)
        : libc.lsetxattr(libc.cname(pathOf(handle, name)), key, value, value.length, 0),
      'setxattr',
    );
  },
  remove(handle, name, attribute) {
    const key = libc.cname(attribute);
    check(
      name === null ? libc.fremovexattr(handle, key) : libc.lremovexattr(libc.cname(pathOf(handle, name)), key),
      'removexattr',
    );
  },
};

const first = Buffer.alloc(1024);

// Most lists are empty and most values short: one call with a small buffer, then one with what the kernel asks for.
function grow(call: (buffer: Buffer, size: number) => number): Buffer {
  let buffer = first;
  for (;;) {
    const size = call(buffer, buffer.length);
    if (size >= 0) return Buffer.from(buffer.subarray(0, size));
    if (libc.errno() !== ERANGE || buffer.length >= 1 << 20) throw systemError(libc.errno(), 'getxattr');
    buffer = Buffer.alloc(buffer.length * 8);
  }
}

function check(result: number, syscall: string): void {
  if (result < 0) throw systemError(libc.errno(), syscall);
}

function pathOf(handle: Handle, name: RawPath): RawPath {
  return `/proc/self/fd/${handle}/${name}`;
}
