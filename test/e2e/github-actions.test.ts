import { readFileSync, writeFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { copy, expectExit, pcopy } from '../support/run.ts';
import { temp } from '../support/temp.ts';
import { file, plant } from '../support/tree.ts';

test('under GitHub Actions failures are annotations too, and the summary goes to the step summary', async () => {
  const top = temp();
  plant(`${top}/src`, { 'a%0Ab, c::d': file('x'), fine: file('fine') });
  plant(`${top}/dst`, { 'a%0Ab, c::d/kept': file('kept') });
  writeFileSync(`${top}/step`, 'before\n');
  const env = { GITHUB_ACTIONS: 'true', GITHUB_STEP_SUMMARY: `${top}/step` };
  const { stdout, stderr } = expectExit(await pcopy([`${top}/src`, `${top}/dst`], { env }), 1);
  const annotations = (stdout + stderr).split('\n').filter((line) => line.startsWith('::error'));
  expect(annotations.length).toBe(1);
  // A workflow command reads % as the start of an escape: a name must not be able to write one.
  expect(annotations[0]).toContain('a%250Ab');
  // The runner shows the annotation in the log: a line beside it would say the same again.
  expect(stderr.match(/c::d/g)?.length).toBe(1);
  const step = readFileSync(`${top}/step`, 'utf8');
  expect(step.startsWith('before\n')).toBe(true);
  expect(step.length).toBeGreaterThan('before\n'.length + 10);
  const elsewhere = await copy([`${top}/src/fine`, `${top}/fine`]);
  expect(elsewhere.stdout + elsewhere.stderr).not.toContain('::');
});

function lines(text: string, level: string): string[] {
  return text.split('\n').filter((line) => line.startsWith(`::${level} `));
}

test('a warning is an annotation', async () => {
  const top = temp();
  plant(`${top}/src`, { fine: file('fine') });
  const run = await pcopy([`${top}/src`, `${top}/dst`, '--exclude', '100%'], { env: { GITHUB_ACTIONS: 'true' } });
  const { stderr } = expectExit(run, 0);
  expect(lines(stderr, 'warning')).toEqual([expect.stringMatching(/100%25.*\(EPCOPY_NOMATCH\)$/)]);
  expect(stderr.match(/EPCOPY_NOMATCH/g)?.length).toBe(1);
  expect(lines(stderr, 'error')).toEqual([]);
});

test.each([
  ['an option that does not exist', ['--exclud'], 2, /unknown option '--exclud'/],
  ['a list that cannot be read', ['--files-from', 'nowhere'], 2, /nowhere: cannot be read for --files-from/],
  ['options that only the engine can refuse', ['--include', '!x'], 2, /!x/],
])('%s is an annotation and a line of the step summary', async (_name, args, code, said) => {
  const top = temp();
  plant(`${top}/src`, { fine: file('fine') });
  const env = { GITHUB_ACTIONS: 'true', GITHUB_STEP_SUMMARY: `${top}/step` };
  const { stderr } = expectExit(await pcopy([`${top}/src`, `${top}/dst`, ...args], { env }), code);
  expect(lines(stderr, 'error')).toEqual([expect.stringMatching(said)]);
  expect(stderr.match(new RegExp(said, 'g'))?.length).toBe(1);
  const page = readFileSync(`${top}/step`, 'utf8');
  expect(page).toMatch(/^### pcopy\n\n- <code>.+<\/code>\n\n$/);
});

test('a typed path that begins like a command does not give one', async () => {
  const top = temp();
  plant(`${top}/::error::`, { a: file('a') });
  const env = { GITHUB_ACTIONS: 'true' };
  const { stdout, stderr } = expectExit(await pcopy(['::error::', 'dst', '-v'], { cwd: top, env }), 0);
  expect(stdout).toContain('u003a:error::/a -> dst/a');
  expect(`${stdout}${stderr}`).not.toMatch(/^[ \t]*::error::/m);
});

test('a name cannot give a command in the older form, which counts anywhere in a line', async () => {
  const top = temp();
  plant(`${top}/src`, { '##[add-mask]fine': file('fine'), '##[stop-commands]x': file('x') });
  plant(`${top}/dst`, { '##[stop-commands]x/kept': file('kept') });
  for (const options of [['-v'], ['--progress', 'json', '-v'], ['--dry-run']]) {
    const run = await pcopy([`${top}/src`, `${top}/dst`, ...options], { env: { GITHUB_ACTIONS: 'true' } });
    const { stdout, stderr } = expectExit(run, 1);
    expect(stdout + stderr).toContain('[add-mask]fine');
    expect(stdout + stderr).not.toContain('##[');
  }
});
