import {
  closeSync,
  constants,
  fsyncSync,
  openSync,
  renameSync,
  rmSync,
  statSync,
  unlinkSync,
  writeSync,
} from 'node:fs';
import { type RawPath, toBytes } from '../api/names.ts';
import { runMark, temporaryName } from '../fs/temporary-name.ts';

/** Lines are written in portions of this many characters. */
const PORTION = 65536;

/**
 * A list of checksums in the format of `sha256sum` (GNU coreutils manual, "md5sum invocation"), written under a temporary
 * name until it is whole. Paths are relative to the destination. A device or a FIFO of that name is written to, not replaced.
 */
export class Manifest {
  private readonly path: string;
  /** null: what is there is written to directly. */
  private readonly temporary: string | null;
  private readonly fd: number;
  private text = '';

  /** Throws what node:fs throws when the file cannot be made. */
  constructor(path: string) {
    this.path = path;
    const there = statSync(path, { throwIfNoEntry: false });
    const replaceable = there === undefined || there.isFile() || there.isDirectory();
    this.temporary = replaceable ? `${path.slice(0, path.lastIndexOf('/') + 1)}${temporaryName(runMark())}` : null;
    this.fd = this.temporary === null ? openExisting(path) : openSync(this.temporary, 'wx', 0o666);
  }

  add(sha256: string, path: RawPath): void {
    this.text += manifestLine(sha256, path);
    if (this.text.length > PORTION) this.flush();
  }

  /** After a failure: nothing of the list stays. */
  drop(): void {
    try {
      closeSync(this.fd);
    } catch {
      // Closed already.
    }
    if (this.temporary !== null) rmSync(this.temporary, { force: true });
  }

  /** @param keep false: the list is dropped, and a file of that name stays as it was */
  close(keep: boolean): void {
    if (keep) {
      this.flush();
      if (this.temporary !== null) fsyncSync(this.fd);
    }
    closeSync(this.fd);
    if (this.temporary === null) return;
    if (keep) renameSync(this.temporary, this.path);
    else unlinkSync(this.temporary);
  }

  private flush(): void {
    const bytes = toBytes(this.text);
    for (let at = 0; at < bytes.length; ) at += writeSync(this.fd, bytes, at);
    this.text = '';
  }
}

/** A FIFO that nobody reads is an error (ENXIO): opening it would wait, deaf to every signal, until somebody does. */
function openExisting(path: string): number {
  const probe = openSync(path, constants.O_WRONLY | (constants.O_NONBLOCK ?? 0));
  try {
    return openSync(path, 'w');
  } finally {
    closeSync(probe);
  }
}

/** A name with a line end or a backslash is escaped, and a backslash before the sum says so. */
export function manifestLine(sha256: string, path: RawPath): string {
  const escaped = path.replaceAll('\\', '\\\\').replaceAll('\n', '\\n').replaceAll('\r', '\\r');
  return `${escaped === path ? '' : '\\'}${sha256}  ${escaped}\n`;
}
