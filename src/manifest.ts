import { closeSync, fsyncSync, openSync, renameSync, unlinkSync, writeSync } from 'node:fs';
import { type RawPath, toBytes } from './names.ts';
import { runMark, temporaryName } from './tree/temporary-name.ts';

/** Lines are written in portions of this many characters. */
const PORTION = 65536;

/**
 * A list of checksums in the format of `sha256sum` (GNU coreutils manual, "md5sum invocation"), written under a temporary
 * name until it is whole. Paths are relative to the destination.
 */
export class Manifest {
  private readonly path: string;
  private readonly temporary: string;
  private readonly fd: number;
  private text = '';

  /** Throws what node:fs throws when the file cannot be made. */
  constructor(path: string) {
    this.path = path;
    this.temporary = `${path.slice(0, path.lastIndexOf('/') + 1)}${temporaryName(runMark())}`;
    this.fd = openSync(this.temporary, 'wx', 0o666);
  }

  add(sha256: string, path: RawPath): void {
    this.text += manifestLine(sha256, path);
    if (this.text.length > PORTION) this.flush();
  }

  /** @param keep false: the list is dropped, and a file of that name stays as it was */
  close(keep: boolean): void {
    if (keep) {
      this.flush();
      fsyncSync(this.fd);
    }
    closeSync(this.fd);
    if (keep) renameSync(this.temporary, this.path);
    else unlinkSync(this.temporary);
  }

  private flush(): void {
    const bytes = toBytes(this.text);
    for (let at = 0; at < bytes.length; ) at += writeSync(this.fd, bytes, at);
    this.text = '';
  }
}

/** A name with a line end or a backslash is escaped, and a backslash before the sum says so. */
export function manifestLine(sha256: string, path: RawPath): string {
  const escaped = path.replaceAll('\\', '\\\\').replaceAll('\n', '\\n').replaceAll('\r', '\\r');
  return `${escaped === path ? '' : '\\'}${sha256}  ${escaped}\n`;
}
