import { choice, file, glob, integer, notStandardOutput, rate, size, type Value } from './values.ts';

/** What an option is for; the order of the help. */
export const GROUPS = {
  select: 'What is copied:',
  exists: 'What is at the destination already:',
  keep: 'What a copy keeps:',
  safety: 'How sure it is:',
  errors: 'When something fails:',
  speed: 'How fast:',
  output: 'What is shown:',
} as const;

/** One option: what the command line, the help and the shell completion know of it. */
export interface OptionRow {
  group: keyof typeof GROUPS;
  /** As in the help: `-j, --jobs <n>`. */
  flags: string;
  help: string;
  /** How the text after it is read; without it the option is a flag. */
  value?: Value<unknown>;
  /** May be given more than once, all count. */
  repeatable?: true;
  /** The long flag it means nothing without. */
  needs?: string;
  /** Long flags it cannot stand beside, each with the reason. */
  conflicts?: Record<string, string>;
}

const GIB = 1 << 30;
const WHEN = choice('auto', 'always', 'never');

/** Every option there is. An option without its row does not exist: not in the help, not in a completion, not on the line. */
export const OPTIONS: readonly OptionRow[] = [
  {
    group: 'select',
    flags: '--include <glob>',
    value: glob,
    repeatable: true,
    help: 'copy only what matches; a path relative to the source; repeatable',
  },
  {
    group: 'select',
    flags: '--exclude <glob>',
    value: glob,
    repeatable: true,
    help: 'leave out what matches, folders with all in them: x at the top, **/x anywhere; wins over --include; repeatable',
  },
  {
    group: 'select',
    flags: '--exclude-from <file>',
    value: file,
    repeatable: true,
    help: 'patterns to leave out, one a line; # begins a comment',
  },
  { group: 'select', flags: '--gitignore', help: 'honour the .gitignore files on the way' },
  {
    group: 'select',
    flags: '--files-from <file>',
    value: file,
    help: 'copy just the paths listed in the file, relative to the source; - reads stdin',
    conflicts: { '--delete': 'all that is not listed would be removed' },
  },
  {
    group: 'select',
    flags: '-0, --null',
    needs: '--files-from',
    help: 'with --files-from: a NUL ends each path, not a line feed',
  },
  { group: 'select', flags: '-L, --dereference', help: 'copy what symbolic links point to, not the links' },

  { group: 'exists', flags: '-n, --no-clobber', help: 'leave every existing file as it is' },
  { group: 'exists', flags: '-u, --update', help: 'skip files whose size and time are the same there' },
  { group: 'exists', flags: '--checksum', needs: '--update', help: 'with -u: compare the contents, not size and time' },
  {
    group: 'exists',
    flags: '--delete',
    help: 'remove what the source does not have; never after an error in reading the source',
  },
  {
    group: 'exists',
    flags: '--max-delete <n>',
    value: integer(0),
    needs: '--delete',
    help: 'with --delete: more than n removals is an error, and none is done',
  },

  {
    group: 'keep',
    flags: '-a, --archive',
    help: 'also owner, group, setuid, setgid, sticky, extended attributes, ACLs, FIFOs, sockets and devices',
  },
  {
    group: 'keep',
    flags: '--reflink <when>',
    value: WHEN,
    help: 'share blocks where the file system can: auto, always or never (default: auto)',
  },
  {
    group: 'keep',
    flags: '--sparse <when>',
    value: WHEN,
    help: 'auto keeps holes, always makes them of zeros, never fills them (default: auto)',
  },

  { group: 'safety', flags: '--dry-run', help: 'say what would happen, change nothing' },
  { group: 'safety', flags: '--verify', help: 'read every copy back and compare its hash' },
  {
    group: 'safety',
    flags: '--manifest <file>',
    value: notStandardOutput,
    help: 'write a list of hashes for sha256sum -c',
    conflicts: { '--dry-run': 'nothing is read, so nothing is hashed' },
  },
  { group: 'safety', flags: '--fsync', help: 'exit 0 only when all of it is on the disk' },
  { group: 'safety', flags: '--no-atomic', help: 'write files in place, under their final names' },
  { group: 'safety', flags: '--no-preflight', help: 'do not check for space and inodes first' },

  {
    group: 'errors',
    flags: '--retries <n>',
    value: integer(0, 1000),
    help: 'more attempts after a passing failure (default: 2)',
  },
  {
    group: 'errors',
    flags: '--retry-from <file>',
    value: file,
    help: 'copy again just what failed in the run whose --progress json is in the file; - reads stdin',
    conflicts: { '--files-from': 'each says what to copy' },
  },
  {
    group: 'errors',
    flags: '--fail-fast',
    help: 'stop at the first entry that fails',
    conflicts: { '--max-errors': 'it is --max-errors 1' },
  },
  {
    group: 'errors',
    flags: '--max-errors <n>',
    value: integer(1),
    help: 'stop at the n-th entry that fails (default: never)',
  },
  {
    group: 'errors',
    flags: '--strict',
    help: 'a pattern that matches nothing, an empty selection, or something not preserved, is a failure',
  },

  {
    group: 'speed',
    flags: '-j, --jobs <n>',
    value: integer(1, 64),
    help: 'worker processes, 1 to 64 (default: one for each CPU, 2 to 16)',
  },
  { group: 'speed', flags: '--bwlimit <rate>', value: rate, help: 'bytes per second, all workers together: 10M' },
  {
    group: 'speed',
    flags: '--chunk-size <size>',
    value: size(1, GIB),
    help: 'the unit of copying and counting: 4K, 1M (default: 1024)',
  },
  {
    group: 'speed',
    flags: '--batch <n>',
    value: integer(1, GIB),
    help: 'chunks moved by one read and one write call (default: as many as fill 128K)',
  },

  {
    group: 'output',
    flags: '--progress <mode>',
    value: choice('auto', 'bar', 'plain', 'json', 'none'),
    help: 'bar, plain, json, none or auto: bar on a terminal, else plain (default: auto)',
  },
  {
    group: 'output',
    flags: '-q, --quiet',
    help: 'errors only',
    conflicts: { '--verbose': 'one says nothing, the other everything' },
  },
  { group: 'output', flags: '-v, --verbose', help: 'a line "src -> dest" for each entry' },
];

/** What every command has. */
export const ALWAYS: readonly OptionRow[] = [
  { group: 'output', flags: '-h, --help', help: 'show the help' },
  { group: 'output', flags: '-V, --version', help: 'show the version' },
];

/** The values as the command line gave them, before defaults, files and the terminal have their say. */
export interface RawOptions {
  include?: string[];
  exclude?: string[];
  excludeFrom?: string[];
  gitignore?: boolean;
  filesFrom?: string;
  null?: boolean;
  dereference?: boolean;
  /** False with --no-clobber. */
  clobber?: boolean;
  update?: boolean;
  checksum?: boolean;
  delete?: boolean;
  maxDelete?: number;
  archive?: boolean;
  reflink?: 'auto' | 'always' | 'never';
  sparse?: 'auto' | 'always' | 'never';
  dryRun?: boolean;
  verify?: boolean;
  manifest?: string;
  fsync?: boolean;
  /** False with --no-atomic. */
  atomic?: boolean;
  /** False with --no-preflight. */
  preflight?: boolean;
  retries?: number;
  retryFrom?: string;
  failFast?: boolean;
  maxErrors?: number;
  strict?: boolean;
  jobs?: number;
  bwlimit?: number;
  chunkSize?: number;
  batch?: number;
  progress?: 'auto' | 'bar' | 'plain' | 'json' | 'none';
  quiet?: boolean;
  verbose?: boolean;
}
