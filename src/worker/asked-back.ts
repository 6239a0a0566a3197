import { openSync, readSync } from 'node:fs';
import { askedBackAt } from '../protocol/asked-back.ts';

/** A worker's view of which jobs are asked back. */
export class AskedBackReader {
  private readonly fd: number | null;
  private readonly word = new Uint32Array(1);
  private readonly bytes = new Uint8Array(this.word.buffer);

  constructor(path: string | null) {
    this.fd = path === null ? null : openOrNull(path);
  }

  includes(job: number): boolean {
    if (this.fd === null) return false;
    readSync(this.fd, this.bytes, 0, this.bytes.length, askedBackAt(job));
    return this.word[0] === job;
  }
}

// Without /proc, nobody is asked.
function openOrNull(path: string): number | null {
  try {
    return openSync(path, 'r');
  } catch {
    return null;
  }
}
