import { lstatSync } from 'node:fs';
import { UsageError } from '../api/errors.ts';
import { printable, type RawPath, toBytes } from '../api/names.ts';

/** `scheme://...`, `user@host:path`, `host:path`, `host::module`: remote paths in the syntax of URLs, scp and rsync. */
const REMOTE = /^(?:[a-z][a-z0-9+.-]*:\/\/|[^/:]+:)/i;
const ROBOCOPY: readonly (readonly [option: RegExp, hint: string])[] = [
  [/^\/(?:MIR|PURGE)$/i, 'to remove what is not in the source: -u --delete'],
  [/^\/[EHIJSY]$/i, 'a folder is copied with all that it holds, and what is there replaced, anyway'],
  [/^\/L$/i, 'to see what would happen: --dry-run'],
  [/^\/SL$/i, 'links are copied as links anyway'],
  [/^\/(?:SEC|COPYALL|D?COPY:[A-Z]+)$/i, 'for owner, ACLs and attributes: -a'],
  [
    /^\/(?:V|NP|N[DF]L|NJ[HS]|N[CS]|ETA|TEE|(?:UNI)?LOG\+?:.*)$/i,
    'what is shown: --progress <mode>, -v, -q, and 2> file',
  ],
  [/^\/X[CNO]$/i, 'what happens to existing files: -n, -u, --if-exists <what>'],
  [/^\/(?:MIN|MAX):\d+$/i, 'for sizes: --min-size, --max-size'],
  [/^\/MOVE?$/i, 'the source is never changed'],
  [/^\/Z$/i, 'to resume big files: --partial'],
  [/^\/MT(?::\d+)?$/i, 'the number of workers: -j <n>'],
  [/^\/X[DF]$/i, "to leave something out: --exclude '**/name'"],
  [/^\/[RW]:\d+$/i, 'retries after a transient failure: --retries <n>'],
];
const DRIVE = /^[a-z]:/i;

/**
 * Throws UsageError for a path that means another machine in other programs, unless it exists here.
 */
export function refuseRemote(path: RawPath, platform = process.platform): void {
  const hint = ROBOCOPY.find(([option]) => option.test(path))?.[1];
  if (hint !== undefined && !exists(path)) {
    throw new UsageError(`'${printable(path)}' is an option of robocopy: ${hint}.`);
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
