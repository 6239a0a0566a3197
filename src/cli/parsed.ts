import { UsageError } from '../api/errors.ts';
import type { RawPath } from '../api/names.ts';
import { OPTIONS } from '../api/options-table.ts';
import { brokerUrl } from '../api/values.ts';
import { attributeOf, COMMAND_OPTIONS, type RawOptions } from './command-options.ts';
import type { Arguments } from './plain-arguments.ts';
import { refuseRemote } from './remote-paths.ts';

/** A parsed command line: text to print, or a copy whose options are not resolved yet. */
export type Parsed =
  | { kind: 'print'; text: string }
  | {
      kind: 'copy';
      /** A list: each goes into the destination under its own name. */
      source: RawPath | readonly RawPath[];
      destination: RawPath;
      raw: RawOptions;
    };

/** @throws UsageError for paths that are missing or elsewhere, and for options that do not go together */
export function toCopy({ paths, raw, given }: Arguments): Extract<Parsed, { kind: 'copy' }> {
  const sources = [...paths];
  const destination = raw.targetDirectory ?? (sources.length > 1 ? sources.pop() : undefined);
  const [source] = sources;
  if (source === undefined) throw new UsageError(missing('source'));
  if (destination === undefined) throw new UsageError(missing('destination'));
  if (sources.includes('')) throw new UsageError("argument 'source' is empty. It takes a path.");
  if (destination === '') throw new UsageError("argument 'destination' is empty. It takes a path.");
  for (const path of [...sources, destination]) refuseRemote(path);
  refuseCombinations(given);
  const isOne = sources.length === 1 && raw.targetDirectory === undefined;
  return { kind: 'copy', source: isOne ? source : sources, destination, raw };
}

function refuseCombinations(attributes: ReadonlySet<string>): void {
  const given = COMMAND_OPTIONS.filter((row) => attributes.has(attributeOf(row)));
  for (const { flags, needs, conflicts = {} } of given) {
    if (needs !== undefined && !given.some(({ name }) => name === needs)) {
      throw new UsageError(`option '${flags}' requires '${longFlag(needs)}'.`);
    }
    for (const [name, why] of Object.entries(conflicts)) {
      const other = given.find((row) => row.name === name);
      if (other) throw new UsageError(`option '${flags}' cannot be used with '--${other.long}': ${why}.`);
    }
  }
}

/** Makes PCOPY_BROKER the default of `--broker`; a dry run needs no helpers. @throws UsageError */
export function useBroker(raw: RawOptions, url: string): void {
  if (raw.dryRun || raw.broker !== undefined) return;
  if (!brokerUrl.fits(url)) throw new UsageError(`variable 'PCOPY_BROKER' is invalid. It takes ${brokerUrl.takes}.`);
  for (const [name, why] of Object.entries(OPTIONS.broker.conflicts ?? {})) {
    const row = COMMAND_OPTIONS.find((other) => other.name === name);
    const value = row && raw[attributeOf(row)];
    if (row === undefined || value === undefined || value === (name === 'atomic')) continue;
    throw new UsageError(
      `option '--${row.long}' cannot be used with PCOPY_BROKER (unset it, or drop the option): ${why}.`,
    );
  }
  raw.broker = url;
}

function missing(argument: string): string {
  return `missing required argument '${argument}'. It takes a source and a destination.`;
}

function longFlag(name: string): string {
  return `--${COMMAND_OPTIONS.find((row) => row.name === name)?.long}`;
}
