import { lstatSync } from 'node:fs';
import { UsageError } from '../api/errors.ts';
import { printable, type RawPath, toBytes } from '../api/names.ts';

/** `scheme://...`, `user@host:path`, `host:path`, `host::module`: remote paths in the syntax of URLs, scp and rsync. */
const REMOTE = /^(?:[a-z][a-z0-9+.-]*:\/\/|[^/:]+:)/i;
const ROBOCOPY = /^\/(?:MIR|PURGE|E|S|Z|J|MT(?::\d+)?)$/i;
const DRIVE = /^[a-z]:/i;

/**
 * Throws UsageError for a path that means another machine in other programs, unless it exists here.
 */
export function refuseRemote(path: RawPath, platform = process.platform): void {
  if (ROBOCOPY.test(path) && !exists(path)) {
    throw new UsageError(
      `'${printable(path)}' is an option of robocopy. To remove what is not in the source: --delete.`,
    );
  }
  if (!REMOTE.test(path) || (platform === 'win32' && DRIVE.test(path)) || exists(path)) return;
  const shown = printable(path);
  throw new UsageError(
    `'${shown}' looks like a path on another machine. pcopy copies what is mounted here; use rsync or rclone, or write './${shown}' for a local path.`,
  );
}

function exists(path: RawPath): boolean {
  return lstatSync(toBytes(path), { throwIfNoEntry: false }) !== undefined;
}
