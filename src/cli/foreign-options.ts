import { lstatSync } from 'node:fs';
import { UsageError } from '../api/errors.ts';
import { type RawPath, toBytes } from '../api/names.ts';
import { OPTIONS } from '../api/options-table.ts';

// Options of cp, rsync, rclone, robocopy and others that people type out of habit.

/** What pcopy does anyway is accepted and has no effect. */
export const DONE_ANYWAY: readonly string[] = ['-r, --recursive', '-R', '-f, --force'];

const ANYWAY = 'that is done anyway';

const INSTEAD: readonly (readonly [options: string, hint: string])[] = [
  ['-p -l -H -S --preserve --times --perms --links --hard-links', 'most is kept anyway; for the rest: -a'],
  ['-y --overwrite', `what is in a file's way is replaced, ${ANYWAY}`],
  ['-T --no-target-directory', `the contents of the source go into the destination, ${ANYWAY}`],
  ['--no-dereference', 'links are copied as links anyway; for a source that is one: -P'],
  ['--inplace', 'to write files in place: --no-atomic'],
  ['-z --compress', 'nothing is compressed from disk to disk'],
  ['-c', 'to compare contents: -u --checksum'],
  ['-i --interactive', 'nothing is asked; to keep what is there: -n'],
  ['-b --backup', 'there are no backups; to keep what is there: -n'],
  ['--ignore-existing', 'to keep what is there: -n'],
  ['--immutable', 'to fail at what is there: --if-exists error'],
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
    .find((arg) => /^-(?=..)[aruvnqfLRPx0]*t[aruvnqfLRPx0]*$/.test(arg));
  if (bundle === undefined) return;
  throw new UsageError(
    `'${bundle}' could mean rsync's times, which are kept anyway, or cp's target directory: that is written -t <dir>, by itself.`,
  );
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
