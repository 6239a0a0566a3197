import { closeSync, constants, mkdtempSync, openSync, readSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/**
 * The parent's side of the flight recorder: a file without a name that a child writes one 32-bit number into.
 * What was written with pwrite is in the page cache, so it is there after a SIGKILL of the writer.
 */
export class NoteFile {
  readonly fd = openNameless();

  /** The last note, or null when none was left or can be read. Closes the file: to be called once, when the child is gone. */
  take(): number | null {
    const word = new Uint32Array(1);
    try {
      const length = readSync(this.fd, new Uint8Array(word.buffer), 0, 4, 0);
      return length === 4 ? (word[0] ?? null) : null;
    } catch {
      // A disk that fails under the temporary directory: a note less is no reason to end the parent.
      return null;
    } finally {
      closeSync(this.fd);
    }
  }
}

/** Linux: a file that never had a name. It is the same number on every processor that Node runs on; Node does not export it. */
const O_TMPFILE = 0o20000000 | constants.O_DIRECTORY;

/**
 * Opens a new file that has no name, in memory where possible: a note is written once per file copied, and need not outlive the machine.
 * Throws what `open` throws: no room, too many open files.
 */
export function openNameless(places = ['/dev/shm', tmpdir()]): number {
  if (process.platform === 'linux') {
    for (const directory of places) {
      try {
        return openSync(directory, constants.O_RDWR | O_TMPFILE, 0o600);
      } catch {
        // No such place here, it is full, or its file system has no such files.
      }
    }
  }
  const directory = mkdtempSync(join(tmpdir(), 'pcopy-note-'));
  try {
    return openSync(join(directory, 'note'), 'wx+', 0o600);
  } finally {
    rmSync(directory, { recursive: true });
  }
}
