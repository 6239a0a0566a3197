import { writeSync } from 'node:fs';
import { NoteFile } from '../process/notes.ts';
import { ASKED_BACK_PLACES, askedBackAt } from '../protocol/asked-back.ts';

/**
 * The jobs whose rest an idle worker could do, written into a file: a worker copies with blocking calls, and would read a message only
 * after its job. Linux only, where such a file needs no name.
 */
export class AskedBack {
  private file = process.platform === 'linux' ? openFile() : null;

  /** How workers open it; null: they are not asked. */
  get path(): string | null {
    return this.file && `/proc/${process.pid}/fd/${this.file.fd}`;
  }

  /** @param job its number */
  ask(job: number): void {
    if (this.file === null) return;
    try {
      writeSync(this.file.fd, new Uint32Array([job]), 0, 4, askedBackAt(job));
    } catch {
      // No space: the job is done by one worker.
    }
  }

  /** May be called again. */
  close(): void {
    this.file?.take();
    this.file = null;
  }
}

function openFile(): NoteFile | null {
  try {
    const file = new NoteFile();
    writeSync(file.fd, new Uint32Array(ASKED_BACK_PLACES));
    return file;
  } catch {
    return null;
  }
}
