import { readFileSync, readlinkSync } from 'node:fs';

/**
 * Whether standard output was closed when this process began. Node then opens /dev/null in its place, for reading and
 * writing, and everything written would seem to succeed. `> /dev/null` is open for writing only; a parent that opens it
 * for both (Python's DEVNULL, `stdio: 'ignore'` of Node) looks the same as a closed one. Known on Linux only.
 */
export function stdoutWasClosed(link = readLink, info = readInfo): boolean {
  try {
    const flags = Number.parseInt(/^flags:\s*([0-7]+)$/m.exec(info())?.[1] ?? '', 8);
    return link() === '/dev/null' && (flags & O_ACCMODE) === O_RDWR;
  } catch {
    return false;
  }
}

const O_ACCMODE = 3;
const O_RDWR = 2;

function readLink(): string {
  return readlinkSync('/proc/self/fd/1');
}

function readInfo(): string {
  return readFileSync('/proc/self/fdinfo/1', 'latin1');
}
