import { writeFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { copy, expectExit, pcopy, start, until } from '../support/run.ts';
import { temp } from '../support/temp.ts';
import { file, plant, type Tree } from '../support/tree.ts';
import { everything } from './list.ts';

// Each of these kept a matcher that backtracks busy for longer than anybody waits.
const HOSTILE = [`${'*a'.repeat(100)}b`, `${'**/'.repeat(30)}b`, `${'**/*'.repeat(50)}b`, '*-*-*-*-*-*-*-*.log'];
const NAMES: Tree = {
  ['a'.repeat(250)]: file(),
  ['-'.repeat(250)]: file(),
  [`${'a/'.repeat(100)}a`]: file(),
};

test('patterns that are made to take long, and names that are, do not', async () => {
  const top = temp();
  plant(`${top}/src`, NAMES);
  writeFileSync(`${top}/src/.gitignore`, HOSTILE.join('\n'));
  const given = [...HOSTILE, `${'+(a|aa)'.repeat(20)}b`, `${'!(*b)'.repeat(20)}b`];
  const excluded = given.flatMap((pattern) => ['--exclude', pattern]);
  const included = given.flatMap((pattern) => ['--include', pattern]);
  await copy([`${top}/src`, `${top}/dst`, '--gitignore', ...excluded, ...included, '--include', '**']);
  expect(everything(`${top}/dst`)).toEqual(everything(`${top}/src`));
});

test.each([
  ['a rule that is too long', `ok\n${'*a'.repeat(600)}\n`, /line 2 is longer than 1024 bytes/],
  ['too many rules', '*.a\n'.repeat(10_001), /has 10001 rules .* more than 10000/],
  ['one line of many bytes', 'a'.repeat(2 << 20), /has 2097152 bytes, more than 1048576/],
])('a .gitignore that cannot be matched with fails its directory, and says why: %s', async (_what, rules, message) => {
  const top = temp();
  plant(`${top}/src`, { a: file(), 'd/x': file() });
  writeFileSync(`${top}/src/d/.gitignore`, rules);
  const { stderr } = expectExit(await pcopy([`${top}/src`, `${top}/dst`, '--gitignore']), 1);
  expect(stderr).toMatch(/^pcopy: \S*src\/d: .*\(EPCOPY_GITIGNORE\)$/m);
  expect(stderr).toMatch(message);
  expect(everything(`${top}/dst`)).toEqual(['a', 'd']);
});

test('as many patterns as one likes when they are names; with wildcards, and in each other, there is an end', async () => {
  const top = temp();
  plant(`${top}/src`, { 'n/99999': file(), 'n/x': file() });
  const run = async (code: number, patterns: string) => {
    writeFileSync(`${top}/patterns`, patterns);
    const result = await pcopy([`${top}/src`, `${top}/dst`, '--exclude-from', `${top}/patterns`, '-q']);
    return expectExit(result, code).stderr;
  };
  await run(0, Array.from({ length: 100_000 }, (_, i) => `n/${i}`).join('\n'));
  expect(everything(`${top}/dst`)).toEqual(['n', 'n/x']);
  expect(await run(2, '*.a\n'.repeat(10_001))).toContain('one of more than 10000 patterns with wildcards');
  expect(await run(2, '*a'.repeat(600))).toContain('longer than 1024 characters, with wildcards');
  expect(await run(2, `${'+('.repeat(40)}a${')'.repeat(40)}`)).toContain('more than 32 parentheses in each other');
});

test('signals are heard while there is much to match', async () => {
  const top = temp();
  plant(`${top}/src`, Object.fromEntries(Array.from({ length: 3000 }, (_, i) => [`${'ab'.repeat(100)}${i}`, file()])));
  writeFileSync(`${top}/src/.gitignore`, Array.from({ length: 9000 }, (_, i) => `x${i}${'*a'.repeat(20)}*`).join('\n'));
  const run = start([`${top}/src`, `${top}/dst`, '--gitignore', '--progress', 'json']);
  await until(() => run.output().stdout.includes('"start"'), 'the start');
  run.child.kill('SIGINT');
  expectExit(await run.done, 130);
});
