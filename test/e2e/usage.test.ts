import { readdirSync } from 'node:fs';
import { expect, test } from 'vitest';
import { type Driver, expectExit, overBothDrivers, pcopy } from '../support/run.ts';
import { temp } from '../support/temp.ts';
import { file, plant } from '../support/tree.ts';

async function expectUsageError(top: string, driver: Driver, args: string[], ...said: string[]): Promise<void> {
  const { stdout, stderr } = expectExit(await pcopy(args, { driver, cwd: top }), 2);
  expect(stdout).toBe('');
  expect(stderr).toMatch(/^pcopy: /m);
  for (const text of said) expect(stderr, args.join(' ')).toContain(text);
  expect(readdirSync(top)).toEqual(['src']);
}

overBothDrivers((driver) => {
  test('a usage error says which option, what it got, and what it takes; nothing is touched', async () => {
    const top = temp();
    plant(`${top}/src`, { a: file('a') });
    const wrong: [string[], ...string[]][] = [
      [[]],
      [['src']],
      [['src', 'dst', '--no-such-option'], '--no-such-option'],
      [['src', 'dst', '-j', '0'], '--jobs', '0', '64'],
      [['src', 'dst', '-j', '65'], '--jobs', '65', 'from 1 to 64'],
      [['src', 'dst', '-T', '-n', '-y'], '--overwrite', '--no-clobber'],
      [['src', 'src', 'dst', '-T'], '--no-target-directory', 'several sources'],
      [['src', 'dst', '-A'], '-A', 'with -a'],
      [['src', 'dst', '/L'], '/L', '--dry-run'],
      [['src', 'dst', '-j', 'many'], '--jobs', 'many'],
      [['src', 'dst', '--chunk-size', '0'], '--chunk-size'],
      [['src', 'dst', '--chunk-size', '12Q'], '--chunk-size', '12Q'],
      [['src', 'dst', '--min-size', '2K', '--max-size', '1K'], '--min-size', '2048', '1024'],
      [['src', 'dst', '--sparse', 'maybe'], '--sparse', 'maybe', 'always'],
      [['src', 'dst', '--progress', 'dance'], '--progress', 'dance', 'json'],
    ];
    for (const [args, ...said] of wrong) await expectUsageError(top, driver, args, ...said);
  });
});

test('what other programs call what is done anyway is accepted in silence', async () => {
  const top = temp();
  plant(`${top}/src`, { a: file('a') });
  for (const habit of ['-rfT', '-y', '-HUEW', '-aHAXogp']) {
    const { stderr } = expectExit(await pcopy([habit, 'src', 'dst'], { cwd: top }), 0);
    expect(stderr.match(/^pcopy: /gm), stderr).toHaveLength(1);
    expect(readdirSync(`${top}/dst`)).toEqual(['a']);
  }
});

test('help and version go to stdout', async () => {
  const help = expectExit(await pcopy(['--help']), 0);
  for (const option of ['--jobs', '--chunk-size', '--archive', '--dry-run', '--verify'])
    expect(help.stdout).toContain(option);
  expect(help.stderr).toBe('');
  expect(expectExit(await pcopy(['-V']), 0).stdout).toMatch(/^\d+\.\d+\.\d+\n$/);
});
