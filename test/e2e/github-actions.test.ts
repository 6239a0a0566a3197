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
  const step = readFileSync(`${top}/step`, 'utf8');
  expect(step.startsWith('before\n')).toBe(true);
  expect(step.length).toBeGreaterThan('before\n'.length + 10);
  const elsewhere = await copy([`${top}/src/fine`, `${top}/fine`]);
  expect(elsewhere.stdout + elsewhere.stderr).not.toContain('::');
});
