// What users of cp, rsync and others type out of habit.

const ANYWAY = 'that is done anyway';

const INSTEAD: readonly (readonly [options: string, hint: string])[] = [
  ['-r -R --recursive', `folders are copied with all in them, ${ANYWAY}`],
  ['-p -t -l -H -S --preserve --times --perms --links --hard-links', 'most is kept anyway; for the rest: -a'],
  ['-f --force -y', `what is in a file's way is replaced, ${ANYWAY}`],
  ['-T --no-target-directory', `the contents of the source go into the destination, ${ANYWAY}`],
  ['-P --no-dereference', 'links are copied as links anyway'],
  ['--partial', 'a file is there whole or not at all'],
  ['-z --compress', 'nothing is compressed from disk to disk'],
  ['-c', 'to compare contents: -u --checksum'],
  ['-i --interactive', 'nothing is asked; to keep what is there: -n'],
  ['-b --backup', 'there are no backups; to keep what is there: -n'],
  ['-m --mirror', 'to remove what is not in the source: --delete'],
  ['--threads --parallel --workers', 'the number of workers: -j <n>'],
];

/** What to say to an option of another program; undefined when none of them is known for it. */
export function insteadOf(option: string): string | undefined {
  // `-rf`: the first letter was the unknown one.
  const name = option.startsWith('--') ? option.replace(/=.*/s, '') : option.slice(0, 2);
  return INSTEAD.find(([options]) => options.split(' ').includes(name))?.[1];
}
