import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { expect } from 'vitest';
import { needs } from '../support/needs.ts';
import { ROOT } from '../support/run.ts';
import { temp } from '../support/temp.ts';

const test = needs('bash', 'xargs');

/** The composite action's step, as a runner starts it. */
function step(source: string, destination: string, options: string) {
  const top = temp();
  const env = {
    ...process.env,
    PCOPY_SOURCE: source,
    PCOPY_DESTINATION: `${top}/${destination}`,
    PCOPY_OPTIONS: options,
    GITHUB_ACTIONS: 'true',
    GITHUB_OUTPUT: `${top}/output`,
    GITHUB_STEP_SUMMARY: `${top}/summary`,
  };
  const result = spawnSync(`${ROOT}/.github/actions/pcopy/run.sh`, { cwd: top, env, encoding: 'utf8' });
  return { ...result, top };
}

test('the action copies, and expands nothing of what its inputs hold', () => {
  const options = '-j 2 --exclude \'**/*.csv\' --exclude "names/two  spaces.txt"\n--exclude $(touch\\ options)';
  const { status, top } = step(`${ROOT}/fixtures/tree`, 'to $(touch destination)', options);
  expect(status).toBe(0);
  expect(readFileSync(`${top}/output`, 'utf8')).toBe('exit-code=0\n');
  expect(readFileSync(`${top}/summary`, 'utf8')).toMatch(/^### pcopy /);
  const copy = `${top}/to $(touch destination)`;
  expect(existsSync(`${copy}/about.txt`)).toBe(true);
  for (const left of ['data/squares.csv', 'names/two  spaces.txt']) expect(existsSync(`${copy}/${left}`)).toBe(false);
  for (const made of ['options', 'destination']) expect(existsSync(`${top}/${made}`)).toBe(false);
});

test('the action fails when the copy does, and says so to GitHub', () => {
  const { status, stdout, stderr, top } = step('nowhere', 'to', ' \n');
  expect(status).toBe(3);
  expect(readFileSync(`${top}/output`, 'utf8')).toBe('exit-code=3\n');
  expect(stdout + stderr).toMatch(/^::error title=pcopy::.*nowhere/m);
});

test('the action refuses options with a quote that does not end, and copies nothing', () => {
  const { status, stdout, top } = step(`${ROOT}/fixtures/tree`, 'to', "--exclude '**/*.csv' --exclude 'names/*");
  expect(status).toBe(2);
  expect(stdout).toMatch(/^::error title=pcopy::/m);
  expect(readFileSync(`${top}/output`, 'utf8')).toBe('exit-code=2\n');
  expect(existsSync(`${top}/to`)).toBe(false);
});
