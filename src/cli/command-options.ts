import { type CommandOnlyOptions, type GROUPS, OPTIONS, type OptionRow } from '../api/options-table.ts';
import type { TextValue } from '../api/values.ts';

/** An option of the command line. */
export interface CommandOption extends OptionRow {
  /** In the table. */
  name: string;
  flags: string;
  /** Its long flag, without the hyphens. */
  long: string;
  group: keyof typeof GROUPS;
  help: string;
  /** Absent: a flag. */
  text?: TextValue;
}

/** In the order of the help. */
export const COMMAND_OPTIONS: readonly CommandOption[] = Object.entries(OPTIONS).flatMap(([name, row]) => {
  const { flags, group, help, text = row.type.text } = row;
  if (flags === undefined || group === undefined || help === undefined) return [];
  return [{ ...row, name, flags, long: longOf(flags), group, help, ...(text === undefined ? {} : { text }) }];
});

/** Options that every command has. */
export const ALWAYS = [
  { group: 'output', flags: '-h, --help', long: 'help', help: 'show the help' },
  { group: 'output', flags: '-V, --version', long: 'version', help: 'show the version' },
] as const;

/** The parsed options by commander's names: `--no-atomic` is `atomic: false`. Files are not read yet. */
export interface RawOptions extends Omit<CommandOnlyOptions, 'progress'> {
  include?: string[];
  exclude?: string[];
  filesFrom?: string;
  retryFrom?: string;
  manifest?: string;
  trace?: string;
  targetDirectory?: string;
  maxErrors?: number;
  bwlimit?: number;
  broker?: string;
  delete?: boolean;
  dryRun?: boolean;
  progress?: 'auto' | 'bar' | 'plain' | 'json' | 'none';
  [attribute: string]: unknown;
}

/** The name of its value in RawOptions. */
export function attributeOf({ long }: CommandOption): string {
  return long.replace(/^no-/, '').replace(/-(\w)/g, (_all, letter: string) => letter.toUpperCase());
}

function longOf(flags: string): string {
  return /--([a-z-]+)/.exec(flags)?.[1] ?? '';
}
