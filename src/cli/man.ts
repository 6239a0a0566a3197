import { GROUPS } from '../api/options-table.ts';
import { ALWAYS, COMMAND_OPTIONS } from './command-options.ts';
import { EXIT_CODES } from './exit-codes.ts';

/** Each with what it is for; a test runs them one after the other. */
export const EXAMPLES: readonly (readonly [what: string, command: string])[] = [
  ['The contents of photos into backup, with three workers:', 'pcopy photos backup -j 3'],
  ['The same again, or after an interruption: only what has another size or time:', 'pcopy photos backup -u'],
  ['What would mirroring change?', 'pcopy photos backup -u --delete --dry-run'],
  ['Mirror, unless more than 500 entries would be removed:', 'pcopy photos backup -u --delete --max-delete 500'],
  ['Without source maps, at any depth:', "pcopy site public --exclude '**/*.map'"],
  ['Just what git tracks:', 'git -C site ls-files -z | pcopy site tracked --files-from - -0'],
  [
    'Read back, on the disk, with checksums that sha256sum can check:',
    'pcopy photos safe --verify --fsync --manifest SUMS',
  ],
  [
    'What failed, and why:',
    `pcopy photos backup --progress json | jq -r 'select(.type == "error") | "\\(.code) \\(.path)"'`,
  ],
];

const ENVIRONMENT = {
  NO_COLOR: 'When it is set and not empty, nothing is coloured.',
  FORCE_COLOR: 'When it is set, colours are used without a terminal too; 0 means none.',
  TERM: 'With dumb, progress is shown as lines and not as a bar.',
  GITHUB_ACTIONS:
    'When it is true, failures and warnings are written as workflow commands, and the summary is appended to the file that GITHUB_STEP_SUMMARY names.',
  PCOPY_DRIVER:
    'libc or node: how the file system is reached. By default libc on Linux, which calls the system directly, and node, which uses what Node offers and keeps less, elsewhere.',
};

const SIGNALS = {
  'SIGINT, SIGTERM, SIGHUP':
    'The run ends in good order: files in hand are given up, temporary files removed, the summary written. A second signal ends it at once.',
  'SIGUSR2, SIGINFO':
    'A line on standard error says where the run is. Many systems have no SIGINFO; where there is one, Ctrl-T sends it.',
};

/** The man page, in the macros of man(7). Made when pcopy is built. */
export function manPage(version: string): string {
  return `${[
    `.TH PCOPY 1 "" "pcopy ${roff(version)}" "User Commands"`,
    // Neither hyphens nor wide spaces: what is shown can be copied into a shell.
    '.nh',
    '.ad l',
    '.SH NAME',
    'pcopy \\- copy a folder with several processes at once',
    '.SH SYNOPSIS',
    `.B pcopy`,
    '[\\fIoptions\\fR] \\fIsource\\fR... \\fIdestination\\fR',
    '.SH DESCRIPTION',
    ...paragraphs(
      'Copies the contents of a folder, or one file, with a pool of worker processes. The contents of source come to lie in destination, so that source/a becomes destination/a. Missing parents are made, an existing destination is merged into, and nothing is asked. Of several sources each comes to lie in destination under its own name, a link as a link; patterns are then relative to the folder that a source lies in.',
      'Every file appears at the destination whole or not at all. What could not be copied is named on standard error, one line each with its cause, and the exit status tells. Times, permissions, symbolic and hard links, holes and names are kept, byte for byte; with --archive owners and the like too.',
      'Standard output carries what was asked for (help, -v, --dry-run, JSON); standard error carries progress, messages and the summary.',
    ),
    '.SH OPTIONS',
    ...paragraphs(
      'Options may stand before, between or after the two paths; -- ends them. Sizes take K, M, G and T for powers of 1024.',
      'Patterns are matched against the path relative to the source: foo is an entry at the top, **/foo one at any depth. Quote them, or the shell expands them first. A folder that is excluded is not entered.',
    ),
    ...Object.entries(GROUPS).flatMap(([group, title]) => [
      `.SS ${roff(title.replace(/:$/, ''))}`,
      ...[...COMMAND_OPTIONS, ...ALWAYS].filter((row) => row.group === group).flatMap(option),
    ]),
    '.SH EXIT STATUS',
    ...EXIT_CODES.flatMap(([codes, meaning]) => ['.TP', `.B ${roff(codes)}`, roff(meaning)]),
    '.SH EXAMPLES',
    ...EXAMPLES.flatMap(([what, command]) => ['.PP', roff(what), '.PP', '.RS 4', '.nf', roff(command), '.fi', '.RE']),
    '.SH ENVIRONMENT',
    ...definitions(ENVIRONMENT),
    '.SH SIGNALS',
    ...definitions(SIGNALS),
    '.SH SEE ALSO',
    ...['cp', 'rsync', 'sha256sum'].map((name, i, all) => `.BR ${name} (1)${i < all.length - 1 ? ' ,' : ''}`),
    '.PP',
    roff(
      'The README of the package tells more: the codes of failures, the events of --progress json, what a copy keeps.',
    ),
  ].join('\n')}\n`;
}

/** Text as roff shows it, character for character; also in the argument of a macro, and at the beginning of a line. */
export function roff(text: string): string {
  const special: Record<string, string> = {
    '\\': '\\e',
    '-': '\\-',
    "'": '\\(aq',
    '`': '\\(ga',
    '"': '\\(dq',
    '^': '\\(ha',
    '~': '\\(ti',
  };
  return text.replace(/[\\\-'`"^~]/g, (c) => special[c] ?? c).replace(/^\./gm, '\\&.');
}

function paragraphs(...texts: string[]): string[] {
  return texts.flatMap((text) => ['.PP', roff(text)]);
}

function definitions(entries: Record<string, string>): string[] {
  return Object.entries(entries).flatMap(([name, text]) => ['.TP', `.B ${roff(name)}`, roff(text)]);
}

/** `-j, --jobs <n>`: the names bold, what they take in italics. */
function option({ flags, help }: { flags: string; help: string }): string[] {
  const shown = flags
    .split(/(--?[\w-]+|<\w+>)/)
    .map((part) => {
      if (part.startsWith('-')) return `\\fB${roff(part)}\\fR`;
      return part.startsWith('<') ? `\\fI${roff(part.slice(1, -1))}\\fR` : roff(part);
    })
    .join('');
  return ['.TP', shown, roff(help)];
}
