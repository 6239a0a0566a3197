import { UsageError } from '../api/errors.ts';
import { isUtf8, printable, type RawPath, toText } from '../api/names.ts';
import type { CopyOptions } from '../api/options.ts';
import type { View } from '../ui/open.ts';
import { attributeOf, COMMAND_OPTIONS, type CommandOption, type RawOptions } from './command-options.ts';
import { type Lists, patternText } from './lists.ts';

/** What `auto` depends on. */
export interface Terminal {
  stderrIsTerminal: boolean;
  env: NodeJS.ProcessEnv;
}

/** How the run is shown. */
export function resolveView(raw: RawOptions, terminal: Terminal): View {
  const quiet = raw.quiet === true;
  const progress = progressOf(raw, terminal);
  const lines = raw.verbose ? 'all' : raw.dryRun && !quiet ? 'changes' : 'none';
  return { progress, quiet, lines };
}

/** Milliseconds: what ends before has no line to show totals in, and is spared the count. */
const PLAIN_COUNTS_AFTER = 2_000;

/** The options for the engine, with the contents of lists and what the view needs. */
export function toCopyOptions(raw: RawOptions, lists: Lists, view: View): CopyOptions {
  const exclude = [...(raw.exclude ?? []).map((glob) => patternText(glob, '--exclude')), ...lists.exclude];
  const plain = COMMAND_OPTIONS.filter(({ default: known }) => known !== undefined).map((row) => [
    row.name,
    optionValue(raw, row),
  ]);
  return given<CopyOptions>({
    ...Object.fromEntries(plain),
    include: raw.include?.map((glob) => patternText(glob, '--include')),
    exclude: exclude.length > 0 ? exclude : undefined,
    filesFrom: lists.filesFrom,
    retryFrom: lists.retry?.failures,
    manifest: raw.manifest === undefined ? undefined : textPath(raw.manifest, '--manifest'),
    trace: raw.trace === undefined ? undefined : textPath(raw.trace, '--trace'),
    maxErrors: raw.failFast ? 1 : raw.maxErrors,
    entries: view.lines !== 'none' || undefined,
    // A second listing with a stat for each entry: worth it only where someone watches. A log is first written after 5 s.
    sizes: view.progress === 'plain' ? PLAIN_COUNTS_AFTER : view.progress !== 'none' || undefined,
  });
}

// A flag inverts the default of its option.
function optionValue(raw: RawOptions, row: CommandOption): unknown {
  const value = raw[attributeOf(row)];
  if (!row.long.startsWith('no-')) return value;
  return value === false ? row.default === false : undefined;
}

function progressOf(raw: RawOptions, { stderrIsTerminal, env }: Terminal): View['progress'] {
  const asked = raw.progress ?? 'auto';
  // A bar needs a terminal that can move its cursor; otherwise it is a log.
  const best = stderrIsTerminal && env.TERM !== 'dumb' ? 'bar' : 'plain';
  switch (asked) {
    case 'auto':
      return raw.quiet ? 'none' : best;
    case 'bar':
      return best;
    case 'plain':
    case 'json':
    case 'none':
      return asked;
  }
}

function textPath(raw: RawPath, option: string): string {
  if (isUtf8(raw)) return toText(raw);
  throw new UsageError(`option '${option}' got '${printable(raw)}'. It takes a path in UTF-8.`);
}

/** Only the options that were given; the engine has the defaults. */
function given<T extends object>(values: object): T {
  return Object.fromEntries(Object.entries(values).filter(([, value]) => value !== undefined)) as T;
}
