import { Command, CommanderError, InvalidArgumentError, Option } from 'commander';
import { UsageError } from '../api/errors.ts';
import { printable, type RawPath } from '../api/names.ts';
import { GROUPS } from '../api/options-table.ts';
import { BadValue } from '../api/values.ts';
import { attributeOf, COMMAND_OPTIONS, type CommandOption, type RawOptions } from './command-options.ts';
import {
  DONE_ANYWAY,
  DONE_WITH_ARCHIVE,
  insteadOf,
  NEEDS_ARCHIVE,
  refuseBundledTarget,
  refuseTargetDirectory,
  withProgressMode,
} from './foreign-options.ts';
import { epilogue, helpLayout } from './help.ts';
import { type Parsed, toCopy } from './parsed.ts';

/**
 * @param args the arguments as bytes, one character each; so are the resulting values
 * @throws UsageError that says which option, what it got and what it takes
 */
export function parseCommandLine(args: readonly RawPath[], version: () => string, columns = 80): Parsed {
  const printed = whatToPrint(args, version, columns);
  if (printed !== undefined) return { kind: 'print', text: printed };
  const command = buildCommand();
  try {
    command.parse(withProgressMode(args), { from: 'user' });
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error;
    throw new UsageError(sentence(error), { cause: error });
  }
  refuseBundledTarget(args);
  const given = COMMAND_OPTIONS.map(attributeOf).filter((name) => command.getOptionValueSource(name) === 'cli');
  const copy = toCopy({ paths: command.args, raw: command.opts<RawOptions>(), given: new Set(given) });
  refuseWithoutArchive(command);
  refuseTargetDirectory(copy.raw, copy.source, copy.destination);
  return copy;
}

/**
 * The help or the version, when it is asked for. Not beside two paths: `-h` means human-readable sizes in other programs, and
 * `pcopy -avh src dest && rm -rf src` must not lose src.
 */
function whatToPrint(args: readonly RawPath[], version: () => string, columns: number): string | undefined {
  if (!args.some((arg) => /^-[^-]*[hV]|^--(help|version)$/.test(arg))) return undefined;
  const command = buildCommand(columns);
  let printed: { flags: string; text: string } | undefined;
  for (const { flags, name, text } of [
    {
      flags: '-h, --help',
      name: 'help',
      text: () => command.helpInformation() + epilogue(columns, command.createHelp()),
    },
    { flags: '-V, --version', name: 'version', text: version },
  ]) {
    command.on(`option:${name}`, () => {
      printed ??= { flags, text: `${text().trimEnd()}\n` };
    });
  }
  let operands: string[] = [];
  try {
    operands = command.parseOptions([...args]).operands;
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error;
  }
  if (printed === undefined) return undefined;
  if (operands.length < 2) return printed.text;
  throw new UsageError(`option '${printed.flags}' cannot be used with paths; nothing was copied.`);
}

function buildCommand(columns = 80): Command {
  const command = new Command('pcopy')
    .usage('[options] <source>... <destination>')
    .description(
      'Copy the contents of a folder, or one file, with several processes at once. Several sources are copied into the destination, each under its own name.',
    )
    .allowExcessArguments()
    .helpOption(false)
    .exitOverride()
    .configureHelp(helpLayout(columns))
    .configureOutput({ writeOut: () => {}, writeErr: () => {}, outputError: () => {} });
  for (const row of COMMAND_OPTIONS) command.addOption(optionOf(row));
  command.addOption(new Option('-h, --help', 'this text').helpGroup(GROUPS.output));
  command.addOption(new Option('-V, --version', 'the version').helpGroup(GROUPS.output));
  for (const [flags, contradictedBy = []] of DONE_ANYWAY)
    command.addOption(silent(flags).conflicts([...contradictedBy]));
  for (const flags of DONE_WITH_ARCHIVE) command.addOption(silent(flags));
  return command;
}

/** An option that has no effect. `--no-…` is not the opposite of another one. */
function silent(flags: string): Option {
  const option = new Option(flags).hideHelp();
  option.negate = false;
  return option;
}

function optionOf(row: CommandOption): Option {
  const option = new Option(row.flags, row.help).helpGroup(GROUPS[row.group]);
  const { text: value } = row;
  if (value === undefined) return option;
  return option.argParser((text: string, before: unknown) => {
    try {
      const parsed = value.parse(text);
      return row.repeatable ? [...(Array.isArray(before) ? before : []), parsed] : parsed;
    } catch (error) {
      if (error instanceof BadValue && row.type.isSecret)
        throw new UsageError(`option '${row.flags}' argument is invalid. ${error.message}`);
      if (error instanceof BadValue) throw new InvalidArgumentError(error.message);
      throw error;
    }
  });
}

function refuseWithoutArchive(command: Command): void {
  for (const flags of DONE_WITH_ARCHIVE) {
    const isGiven = command.getOptionValue(silent(flags).attributeName()) === true;
    if (isGiven && !command.getOptionValue('archive'))
      throw new UsageError(`unknown option '${flags}': ${NEEDS_ARCHIVE}`);
  }
}

/** Commander's message in one line, without its `error:`; what it quotes may hold any byte. */
function sentence({ code, message }: CommanderError): string {
  const text = printable(message.replace(/^error: /, '').replace(/\n/g, ' '));
  switch (code) {
    case 'commander.unknownOption':
      return unknownOption(text);
    case 'commander.optionMissingArgument':
      return `${text}. ${takes(COMMAND_OPTIONS.find((row) => message.includes(`'${row.flags}'`)))}`;
    default:
      return text;
  }
}

/** Adds what the option means in other programs, and a suggestion, which commander makes only for a flag without a value. */
function unknownOption(text: string): string {
  const option = /'(.*?)'/s.exec(text)?.[1] ?? '';
  const hint = insteadOf(option);
  if (hint !== undefined) return `${text.replace(/ \(Did you mean .*\)$/, '')}: ${hint}`;
  const [name, value] = option.split('=', 2);
  if (name === undefined || value === undefined || text.includes('Did you mean')) return text;
  try {
    buildCommand().parse([name], { from: 'user' });
    return text;
  } catch (error) {
    const guess = /\(Did you mean .*\)$/.exec(error instanceof Error ? error.message : '')?.[0];
    return guess === undefined ? text : `${text} ${guess}`;
  }
}

/** The message of an option's type for a text that it rejects. */
function takes(row: CommandOption | undefined): string {
  try {
    row?.text?.parse('');
    return 'It takes a value.';
  } catch (error) {
    return (error as Error).message;
  }
}
