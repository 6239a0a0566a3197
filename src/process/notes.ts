import { randomUUID } from 'node:crypto';
import { closeSync, openSync, readSync, unlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/**
 * The parent's side of the flight recorder: a file without a name that a child writes one 32-bit number into.
 * What was written with pwrite is in the page cache, so it is there after a SIGKILL of the writer.
 */
export class NoteFile {
  readonly fd = openNameless();

  /** The last note, or null when none was left. Closes the file: to be called once, when the child is gone. */
  take(): number | null {
    const word = new Uint32Array(1);
    const length = readSync(this.fd, new Uint8Array(word.buffer), 0, 4, 0);
    closeSync(this.fd);
    return length === 4 ? (word[0] ?? null) : null;
  }
}

/** Opens a new file and removes its name. Throws what `open` throws: no room, too many open files. */
function openNameless(): number {
  const name = `.note-${randomUUID()}`;
  try {
    // Memory before disk: a note is written once per file copied, and need not outlive the machine.
    if (process.platform === 'linux') return openThenUnlink(join('/dev/shm', name));
  } catch {
    // No such place here, or it is full: any directory will do.
  }
  return openThenUnlink(join(tmpdir(), name));
}

function openThenUnlink(path: string): number {
  const fd = openSync(path, 'wx+', 0o600);
  unlinkSync(path);
  return fd;
}
