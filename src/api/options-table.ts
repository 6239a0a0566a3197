import type { CopyOptions } from './options.ts';
import {
  brokerUrl,
  callback,
  choice,
  failure,
  file,
  flag,
  flagOrMilliseconds,
  limit,
  listOf,
  MAX_BUFFER,
  MOST_JOBS,
  outputFile,
  patterns,
  rate,
  rawPath,
  size,
  sizeLimit,
  type TextValue,
  type ValueType,
  whole,
  wholeOrAuto,
} from './values.ts';

/** What an option is for; the order of the help. */
export const GROUPS = {
  select: 'Selection:',
  exists: 'Existing files:',
  keep: 'What is preserved:',
  safety: 'Safety:',
  errors: 'Errors:',
  speed: 'Performance:',
  output: 'Output:',
} as const;

/** One option: its check, its default and its texts. */
export interface OptionRow {
  type: ValueType;
  /** The default. Absent: the option exists only on the command line. */
  default?: unknown;
  /** As in the help: `-j, --jobs <n>`. Absent, with the two below: only the library has it. */
  flags?: string;
  group?: keyof typeof GROUPS;
  help?: string;
  /** How the command line parses the value, where that differs from the type. */
  text?: TextValue;
  /** May be given more than once; the values add up. */
  repeatable?: true;
  /** The option that must be given too. */
  needs?: OptionName;
  /** Options that exclude it, each with the reason. */
  conflicts?: Partial<Record<OptionName, string>>;
}

/** Options of the command line only. */
export interface CommandOnlyOptions {
  excludeFrom?: string[];
  null?: boolean;
  targetDirectory?: string;
  failFast?: boolean;
  progress?: 'auto' | 'bar' | 'plain' | 'json' | 'none';
  quiet?: boolean;
  verbose?: boolean;
}

export type OptionName = keyof CopyOptions | keyof CommandOnlyOptions;

const WHEN = choice('auto', 'always', 'never');
const NO_LIMIT = Number.POSITIVE_INFINITY;

/**
 * Every option there is, in the order of the help. The library, the command line, the help, the
 * completions and the man page all follow from these rows.
 */
export const OPTIONS: Readonly<Record<OptionName, OptionRow>> = {
  include: {
    type: patterns,
    default: [],
    group: 'select',
    flags: '--include <glob>',
    help: 'copy only what matches; a path relative to the source; repeatable',
    repeatable: true,
  },
  exclude: {
    type: patterns,
    default: [],
    group: 'select',
    flags: '--exclude <glob>',
    help: 'leave out what matches, folders with their contents: x at the top, **/x anywhere; wins over --include; repeatable',
    repeatable: true,
  },
  excludeFrom: {
    type: listOf('files', { ...outputFile, text: file }),
    group: 'select',
    flags: '--exclude-from <file>',
    help: 'patterns to leave out, one per line; # starts a comment',
    repeatable: true,
  },
  gitignore: {
    type: flag,
    default: false,
    group: 'select',
    flags: '--gitignore',
    help: 'honour .gitignore files in the source',
  },
  filesFrom: {
    type: listOf('paths', rawPath),
    default: null,
    group: 'select',
    flags: '--files-from <file>',
    help: 'copy only the paths listed in the file, relative to the source; - reads stdin',
    text: file,
    conflicts: { delete: 'all that is not listed would be removed' },
  },
  null: {
    type: flag,
    group: 'select',
    flags: '-0, --null',
    help: 'with --files-from: paths end with a NUL, not with a line feed',
    needs: 'filesFrom',
  },
  dereference: {
    type: flag,
    default: false,
    group: 'select',
    flags: '-L, --dereference',
    help: 'copy what symbolic links point to, not the links',
  },
  sourceLink: {
    type: flag,
    default: false,
    group: 'select',
    flags: '-P, --source-link',
    help: 'copy a source that is a symbolic link itself, not what it leads to',
    conflicts: { dereference: 'one follows what the other keeps' },
  },
  oneFileSystem: {
    type: flag,
    default: false,
    group: 'select',
    flags: '-x, --one-file-system',
    help: 'create mount points of other file systems, but do not enter them',
  },
  targetDirectory: {
    type: rawPath,
    group: 'select',
    flags: '-t, --target-directory <dir>',
    help: 'copy each source into this directory under its own name, even a single one',
    text: file,
  },
  minSize: {
    type: size(0, Number.MAX_SAFE_INTEGER),
    default: 0,
    group: 'select',
    flags: '--min-size <size>',
    help: 'leave out files that are smaller: 1, 64K, 1.5G',
  },
  maxSize: {
    type: sizeLimit,
    default: NO_LIMIT,
    group: 'select',
    flags: '--max-size <size>',
    help: 'leave out files that are larger',
  },
  noClobber: {
    type: flag,
    default: false,
    group: 'exists',
    flags: '-n, --no-clobber',
    help: 'keep every existing file as it is: same as --if-exists skip',
    conflicts: {
      delete: 'one keeps what is there; to see what would happen: --dry-run',
      ifExists: 'it is the same as --if-exists skip',
    },
  },
  ifExists: {
    type: choice('replace', 'skip', 'error', 'older'),
    default: 'replace',
    group: 'exists',
    flags: '--if-exists <what>',
    help: 'replace, skip, error (an existing file is an error) or older (replace only older files) (default: replace)',
  },
  update: {
    type: flag,
    default: false,
    group: 'exists',
    flags: '-u, --update',
    help: 'skip files with the same size and time at the destination',
  },
  checksum: {
    type: flag,
    default: false,
    group: 'exists',
    flags: '--checksum',
    help: 'with -u: compare contents instead of size and time',
    needs: 'update',
  },
  delete: {
    type: flag,
    default: false,
    group: 'exists',
    flags: '--delete',
    help: 'remove what the source does not have; never after a read error in the source',
  },
  maxDelete: {
    type: limit(0),
    default: NO_LIMIT,
    group: 'exists',
    flags: '--max-delete <n>',
    help: 'with --delete: more than n removals are an error, and nothing is removed',
    needs: 'delete',
  },
  archive: {
    type: flag,
    default: false,
    group: 'keep',
    flags: '-a, --archive',
    help: 'also owner, group, setuid, setgid, sticky, extended attributes, ACLs, FIFOs, sockets and devices',
  },
  reflink: {
    type: WHEN,
    default: 'auto',
    group: 'keep',
    flags: '--reflink <when>',
    help: 'share blocks where the file system can: auto, always or never (default: auto)',
  },
  sparse: {
    type: WHEN,
    default: 'auto',
    group: 'keep',
    flags: '--sparse <when>',
    help: 'auto keeps holes, always makes them of zeros, never fills them (default: auto)',
  },
  dryRun: {
    type: flag,
    default: false,
    group: 'safety',
    flags: '--dry-run',
    help: 'show what would happen, change nothing',
  },
  verify: {
    type: flag,
    default: false,
    group: 'safety',
    flags: '--verify',
    help: 'read every copy back and compare its hash',
  },
  manifest: {
    type: outputFile,
    default: null,
    group: 'safety',
    flags: '--manifest <file>',
    help: 'write a list of hashes for sha256sum -c',
    conflicts: { dryRun: 'nothing is read, so nothing is hashed' },
  },
  fsync: {
    type: flag,
    default: false,
    group: 'safety',
    flags: '--fsync',
    help: 'exit 0 only when everything is on the disk',
  },
  partial: {
    type: flag,
    default: false,
    group: 'safety',
    flags: '--partial',
    help: 'keep the written part of a big file when the run is interrupted; the next run with --partial resumes it',
    conflicts: { atomic: 'what is written in place has no temporary name' },
  },
  atomic: {
    type: flag,
    default: true,
    group: 'safety',
    flags: '--no-atomic',
    help: 'write files in place, under their final names',
  },
  preflight: {
    type: flag,
    default: true,
    group: 'safety',
    flags: '--no-preflight',
    help: 'do not check free space and inodes first',
  },
  retries: {
    type: whole(0, 1000),
    default: 2,
    group: 'errors',
    flags: '--retries <n>',
    help: 'retries after a transient failure (default: 2)',
  },
  retryFrom: {
    type: listOf('failures', failure),
    default: null,
    group: 'errors',
    flags: '--retry-from <file>',
    help: 'copy only what failed in the run whose --progress json output is in the file; - reads stdin',
    text: file,
    conflicts: { filesFrom: 'each says what to copy' },
  },
  failFast: {
    type: flag,
    group: 'errors',
    flags: '--fail-fast',
    help: 'stop at the first entry that fails',
    conflicts: { maxErrors: 'it is the same as --max-errors 1' },
  },
  maxErrors: {
    type: limit(1),
    default: NO_LIMIT,
    group: 'errors',
    flags: '--max-errors <n>',
    help: 'stop at the n-th entry that fails (default: no limit)',
  },
  strict: {
    type: flag,
    default: false,
    group: 'errors',
    flags: '--strict',
    help: 'treat as failures: patterns without a match, an empty selection, entries skipped for their type, metadata not preserved',
  },
  jobs: {
    type: wholeOrAuto(0, MOST_JOBS, `auto or a whole number from 1 to ${MOST_JOBS}; 0 only with a broker`),
    default: 'auto',
    group: 'speed',
    flags: '-j, --jobs <n>',
    help: 'worker processes, 1 to 64; auto: one for each CPU, 2 to 16, up to 32 where storage answers late and more are faster (default: auto)',
  },
  broker: {
    type: brokerUrl,
    default: null,
    group: 'speed',
    flags: '--broker <url>',
    help: 'share the work with the machines on which pcopy worker runs, through Redis at redis://host (default: $PCOPY_BROKER); -j 0 leaves all to them. Progress tells what each does',
    conflicts: {
      dryRun: 'a dry run is soon done by one machine',
      dereference: 'a helper follows no link out of what it is allowed',
      atomic: 'two machines might write one file in its place',
      partial: 'two machines might continue the same file',
      trace: 'a trace is of one machine',
    },
  },
  bwlimit: {
    type: rate,
    default: 0,
    group: 'speed',
    flags: '--bwlimit <rate>',
    help: 'bytes per second over all workers: 10M; 1000 is 1000 bytes, not KiB',
  },
  chunkSize: {
    type: size(1, MAX_BUFFER),
    default: 1024,
    group: 'speed',
    flags: '--chunk-size <size>',
    help: 'the unit of copying and counting: 4K, 1M (default: 1024)',
  },
  batch: {
    type: whole(1, MAX_BUFFER),
    default: null,
    group: 'speed',
    flags: '--batch <n>',
    help: 'chunks per read and write call (default: as many as fill 128K)',
  },
  progress: {
    type: choice('auto', 'bar', 'plain', 'json', 'none'),
    group: 'output',
    flags: '--progress <mode>',
    help: 'bar, plain, json, none or auto: bar on a terminal, else plain (default: auto)',
  },
  quiet: {
    type: flag,
    group: 'output',
    flags: '-q, --quiet',
    help: 'errors only',
    conflicts: { verbose: 'one says nothing, the other everything' },
  },
  verbose: {
    type: flag,
    group: 'output',
    flags: '-v, --verbose',
    help: 'a line "src -> dest" for each entry',
  },
  trace: {
    type: outputFile,
    default: null,
    group: 'output',
    flags: '--trace <file>',
    help: 'write who waited for whom, for ui.perfetto.dev or Chrome',
  },
  filter: { type: callback, default: null },
  rename: {
    type: callback,
    default: null,
    conflicts: {
      delete: 'what has its old name at the destination is not looked for under the new one',
      filesFrom: 'a list names what is to be copied as it is',
      retryFrom: 'a list names what is to be copied as it is',
    },
  },
  entries: { type: flag, default: false },
  sizes: { type: flagOrMilliseconds, default: false },
};
