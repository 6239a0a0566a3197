import { spawnSync } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { expect } from 'vitest';
import { needs } from '../support/needs.ts';
import { ROOT } from '../support/run.ts';
import { temp } from '../support/temp.ts';

const test = needs('bash', 'xargs');

/** The composite action's step, as a runner starts it. */
function step(source: string, destination: string, options: string, more: Record<string, string> = {}, root = ROOT) {
  const top = temp();
  const env = {
    ...process.env,
    PCOPY_SOURCE: source,
    PCOPY_DESTINATION: `${top}/${destination}`,
    PCOPY_OPTIONS: options,
    GITHUB_ACTIONS: 'true',
    GITHUB_OUTPUT: `${top}/output`,
    GITHUB_STEP_SUMMARY: `${top}/summary`,
    RUNNER_TEMP: top,
    ...more,
  };
  const result = spawnSync(`${root}/.github/actions/pcopy/run.sh`, { cwd: top, env, encoding: 'utf8' });
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

/** The action as a runner gets it: the repository, in which nothing was built. */
function checkedOut(): string {
  const root = `${temp()}/repository`;
  mkdirSync(root);
  for (const entry of ['.github', 'src', 'bin', 'package.json', 'package-lock.json'])
    cpSync(`${ROOT}/${entry}`, `${root}/${entry}`, { recursive: true });
  return root;
}

test('what a cache has brought back is used, and nothing is built', () => {
  const runner = temp();
  mkdirSync(`${runner}/pcopy/node_modules`, { recursive: true });
  symlinkSync(ROOT, `${runner}/pcopy/node_modules/pcopy`);
  const { status, stdout, top } = step(`${ROOT}/fixtures/tree`, 'to', '', { RUNNER_TEMP: runner }, checkedOut());
  expect([status, stdout]).toEqual([0, '']);
  expect(existsSync(`${top}/to/about.txt`)).toBe(true);
});

test('at the tag of a release its file is installed', () => {
  const runner = temp();
  // In place of npm: says what it was asked for, and has it at once.
  const npm = `#!/bin/sh\necho "$@" >${runner}/asked\nmkdir -p ${runner}/pcopy/node_modules\nln -s ${ROOT} ${runner}/pcopy/node_modules/pcopy\n`;
  mkdirSync(`${runner}/bin`);
  writeFileSync(`${runner}/bin/npm`, npm, { mode: 0o755 });
  const release = { GITHUB_SERVER_URL: 'https://host', PCOPY_REPOSITORY: 'OWNER/pcopy', PCOPY_REF: 'v0.1.0' };
  const path = { PATH: `${runner}/bin:${process.env.PATH}`, RUNNER_TEMP: runner };
  const { status, top } = step(`${ROOT}/fixtures/tree`, 'to', '', { ...release, ...path }, checkedOut());
  expect(status).toBe(0);
  const asked = readFileSync(`${runner}/asked`, 'utf8');
  expect(asked).toMatch(
    /^install .* https:\/\/host\/OWNER\/pcopy\/releases\/download\/v0\.1\.0\/pcopy-0\.1\.0\.tgz\n$/,
  );
  expect(existsSync(`${top}/to/about.txt`)).toBe(true);
});

test('the key of the cache is that of the sources and of the package', () => {
  const key = (PCOPY_PACKAGE: string, root: string): string => {
    const GITHUB_OUTPUT = `${temp()}/output`;
    spawnSync(`${root}/.github/actions/pcopy/run.sh`, ['key'], {
      env: { ...process.env, PCOPY_PACKAGE, GITHUB_OUTPUT },
    });
    return readFileSync(GITHUB_OUTPUT, 'utf8');
  };
  const root = checkedOut();
  expect(key('', root)).toMatch(/^key=\d+-\d+\n$/);
  expect(key('', root)).toBe(key('', ROOT));
  expect(key('a.tgz', root)).not.toBe(key('', root));
  cpSync(`${root}/package.json`, `${root}/src/more.ts`);
  expect(key('', root)).not.toBe(key('', ROOT));
});
