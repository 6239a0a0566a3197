import { array, assert, constantFrom, oneof, property } from 'fast-check';
import { expect, test } from 'vitest';
import { UsageError } from '../../src/api/errors.ts';
import { parseCommandLine } from '../../src/cli/command.ts';
import { COMMAND_OPTIONS } from '../../src/cli/command-options.ts';
import { type Parsed, toCopy } from '../../src/cli/parsed.ts';
import { plainArguments } from '../../src/cli/plain-arguments.ts';

const FLAGS = COMMAND_OPTIONS.flatMap(({ flags }) => flags.replace(/ <.*/, '').split(', '));
const VALUES = ['2', 'auto', '4K', 'x', 'src', 'dest', '-', 'always', 'json', 'replace', 'h:p', '/MIR', 'redis://h'];
const OTHERS = ['', '--', '-j2', '-rf', '--jobs=2', '--verify=1', '-h', '--version', '--nonsense', '-av', '-p', '-r'];

test('what is read without commander is what commander reads', () => {
  const argument = oneof(constantFrom(...FLAGS), constantFrom(...VALUES), constantFrom(...VALUES, ...OTHERS));
  let read = 0;
  const check = property(array(argument, { maxLength: 6 }), (args) => {
    const plain = plainArguments(args);
    if (plain === null) return;
    read++;
    expect(resultOf(() => toCopy(plain))).toEqual(resultOf(() => parseCommandLine(args, () => '1')));
  });
  assert(check, { numRuns: 700 });
  expect(read).toBeGreaterThan(50);
});

test.each([
  [['src', 'dest', '-j', '2']],
  [['-u', '--delete', 'src', 'dest', '--exclude', '*.o', '--exclude', '*.a']],
  [['--jobs', '4', '--progress', 'json', 'a', 'b', 'dest']],
])('%j needs no commander', (args) => expect(plainArguments(args)).not.toBeNull());

function resultOf(parse: () => Parsed): Parsed | string {
  try {
    return parse();
  } catch (error) {
    if (error instanceof UsageError) return error.message;
    throw error;
  }
}
