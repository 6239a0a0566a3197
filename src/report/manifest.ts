import type { RawPath } from '../api/names.ts';
import { TextOutput } from './text-output.ts';

/**
 * A list of checksums in the format of `sha256sum` (GNU coreutils manual, "md5sum invocation"). Paths are relative to the
 * destination.
 */
export class Manifest extends TextOutput {
  add(sha256: string, path: RawPath): void {
    this.write(manifestLine(sha256, path));
  }
}

/** A name with a line end or a backslash is escaped, and a backslash before the sum says so. */
function manifestLine(sha256: string, path: RawPath): string {
  const escaped = path.replaceAll('\\', '\\\\').replaceAll('\n', '\\n').replaceAll('\r', '\\r');
  return `${escaped === path ? '' : '\\'}${sha256}  ${escaped}\n`;
}
