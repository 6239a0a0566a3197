import { lstatSync, statSync } from 'node:fs';
import { UsageError } from '../api/errors.ts';
import { printable, type RawPath, toBytes } from '../api/names.ts';
import { OPTIONS } from '../api/options-table.ts';
import type { RawOptions } from './command-options.ts';

// Options of cp, rsync, rclone, robocopy and others that people type out of habit.

/** What pcopy does anyway is accepted and has no effect; with the options that contradict it. */
export const DONE_ANYWAY: readonly (readonly [flags: string, contradictedBy?: readonly string[]])[] = [
  ['-r, --recursive'],
  ['-R'],
  ['-f, --force'],
  ['-y, --overwrite', ['clobber', 'ifExists']],
  ['-T, --no-target-directory', ['targetDirectory']],
  ['-H, --hard-links'],
  ['-U, --atimes'],
  ['-E, --executability'],
  ['-W, --whole-file'],
  ['--links'],
  ['--times'],
  ['--human-readable'],
];

/** What is done with -a is accepted beside it. */
export const DONE_WITH_ARCHIVE: readonly string[] = [
  '-p, --perms',
  '-o, --owner',
  '-g, --group',
  '-A, --acls',
  '-X, --xattrs',
  '-D',
  '--devices',
  '--specials',
];
export const NEEDS_ARCHIVE = 'times and permission bits are kept anyway; owner, ACLs, attributes and devices with -a';

const INSTEAD: readonly (readonly [options: string, hint: string])[] = [
  ['--preserve', NEEDS_ARCHIVE],
  ['-l --link', 'links are kept as links anyway; files are copied, never linked'],
  ['-S', 'holes are kept anyway; to make holes of zeros: --sparse always'],
  ['-d --no-dereference', 'links are copied as links anyway; for a source that is one: -P'],
  ['--copy-links', 'to copy what links point to: -L'],
  ['-e --rsh', 'pcopy copies between paths; mount the other side'],
  ['--inplace', 'to write files in place: --no-atomic'],
  ['-z --compress', 'nothing is compressed from disk to disk'],
  ['-c', 'to compare contents: -u --checksum'],
  ['-i --interactive', 'nothing is asked; to keep what is there: -n; a line for each entry: -v'],
  ['-b --backup', 'there are no backups; to keep what is there: -n'],
  ['--ignore-existing', 'to keep what is there: -n'],
  ['--update', "cp's --update=older is --if-exists older, none is -n, none-fail is --if-exists error"],
  ['--immutable', 'to fail on existing files: --if-exists error'],
  [
    '--mirror --sync --del --delete-after --delete-before --delete-during /MIR',
    'to remove what is not in the source: --delete',
  ],
  ['--threads --parallel --workers --transfers --checkers', 'the number of workers: -j <n>'],
  ['--info --stats --no-progress', 'what is shown: --progress <mode>, -v, -q; a summary comes at the end'],
];

/** The message for an option of another program; undefined for an unknown one. */
export function insteadOf(option: string): string | undefined {
  // `-rf`: the first letter was the unknown one.
  const name = option.startsWith('--') ? option.replace(/=.*/s, '') : option.slice(0, 2);
  return INSTEAD.find(([options]) => options.split(' ').includes(name))?.[1];
}

/** `-rtv src dest`: -t is rsync's "times" here; read as cp's target directory it would copy in the wrong direction. */
export function refuseBundledTarget(args: readonly RawPath[]): void {
  const end = args.indexOf('--');
  const bundle = args
    .slice(0, end < 0 ? args.length : end)
    .find((arg) => /^-(?=..)[ADEHLPRTUWXafgnopqruvxy0]*t[ADEHLPRTUWXafgnopqruvxy0]*$/.test(arg));
  if (bundle === undefined) return;
  throw new UsageError(
    `'${bundle}' could mean rsync's times, which are kept anyway, or cp's target directory: that is written -t <dir>, by itself.`,
  );
}

/** `-T` is what pcopy does with one source, unless that is a file and the destination a directory. */
export function refuseTargetDirectory(
  raw: RawOptions,
  source: RawPath | readonly RawPath[],
  destination: RawPath,
): void {
  if (!raw.noTargetDirectory) return;
  const isDirectory = (path: RawPath) => statSync(toBytes(path), { throwIfNoEntry: false })?.isDirectory() === true;
  const why =
    typeof source !== 'string'
      ? 'there are several sources'
      : isDirectory(destination) && !isDirectory(source)
        ? `'${printable(destination)}' is a directory, and a file is copied into it`
        : undefined;
  if (why !== undefined) throw new UsageError(`option '-T, --no-target-directory' cannot be followed: ${why}.`);
}

/** `--progress src dest`, as for rsync: a path follows, not a mode, so the mode is `auto`. */
export function withProgressMode(args: readonly RawPath[]): RawPath[] {
  const modes = OPTIONS.progress.type.text?.choices ?? [];
  return args.map((arg, i) => {
    const next = args[i + 1];
    if (arg !== '--progress' || next === undefined || modes.includes(next)) return arg;
    const isPath = next.startsWith('-') || lstatSync(toBytes(next), { throwIfNoEntry: false }) !== undefined;
    return isPath ? '--progress=auto' : arg;
  });
}
