import type { RawPath } from '../api/names.ts';
import { BadValue } from '../api/values.ts';
import { attributeOf, COMMAND_OPTIONS, type RawOptions } from './command-options.ts';

/** Arguments by their kind, before they are checked against each other. */
export interface Arguments {
  paths: RawPath[];
  raw: RawOptions;
  /** Attributes of the options that were typed. */
  given: ReadonlySet<string>;
}

/**
 * Reads paths and options typed one by one in full (`-j 2`, `--update`), without commander, whose loading takes a twentieth of
 * the time that ten files take. Null for all else: bundles, `--name=value`, help, and whatever has to be explained.
 */
export function plainArguments(args: readonly RawPath[]): Arguments | null {
  const paths: RawPath[] = [];
  // A flag that takes something away is on until it is given.
  const raw: RawOptions = Object.fromEntries(
    COMMAND_OPTIONS.filter(({ long }) => long.startsWith('no-')).map((row) => [attributeOf(row), true]),
  );
  const given = new Set<string>();
  const rest = args.values();
  for (const arg of rest) {
    if (!arg.startsWith('-')) {
      paths.push(arg);
      continue;
    }
    const row = COMMAND_OPTIONS.find(({ flags }) => flags.split(/[ ,]+/).includes(arg));
    if (row === undefined) return null;
    const { text, repeatable, long } = row;
    const name = attributeOf(row);
    given.add(name);
    if (text === undefined) {
      raw[name] = !long.startsWith('no-');
      continue;
    }
    const typed = rest.next().value;
    if (typed === undefined || typed.startsWith('-')) return null;
    try {
      const value = text.parse(typed);
      const before = raw[name];
      raw[name] = repeatable ? [...(Array.isArray(before) ? before : []), value] : value;
    } catch (error) {
      if (error instanceof BadValue) return null;
      throw error;
    }
  }
  return { paths, raw, given };
}
