import { spawnSync } from 'node:child_process';
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { parseCommandLine } from '../../src/cli/command.ts';
import { LIBRARIES } from '../architecture/rooms.ts';
import { expectExit, pcopy, ROOT } from '../support/run.ts';
import { temp } from '../support/temp.ts';
import { blockAfter, blocksAfter, README } from './readme.ts';

test('the options are those of --help, to the letter', async () => {
  const { stdout } = await pcopy(['--help']);
  expect(blockAfter('help')).toBe(`${stdout.trimEnd()}\n`);
});

test('every code of our own is explained', () => {
  const sources = readdirSync(`${ROOT}/src`, { recursive: true, encoding: 'utf8' }).filter((file) =>
    file.endsWith('.ts'),
  );
  const text = sources.map((file) => readFileSync(`${ROOT}/src/${file}`, 'utf8')).join('\n');
  const codes = new Set([...text.matchAll(/'(EPCOPY_[A-Z]+|EUSAGE)'/g)].map((match) => match[1] ?? ''));
  expect([...codes].filter((code) => !README.includes(`\`${code}\``))).toEqual([]);
});

test('every library has its reason', () => {
  const section = README.slice(README.indexOf('## Dependencies'));
  expect(LIBRARIES.filter((name) => !section.includes(`| [${name}](`))).toEqual([]);
});

test('links inside the repository lead somewhere', () => {
  const links = [...README.matchAll(/\]\((?!https?:)([^)#]+)/g)].map((match) => match[1] ?? '');
  expect(links.length).toBeGreaterThan(3);
  for (const link of links) expect(() => readFileSync(`${ROOT}/${link}`), link).not.toThrow();
});

test('every example for a shell or for Node is run: those that are marked as tested, and the two commands to set up', async () => {
  const marks = ['tested: sh', 'tested: js', 'tested: js without types'].flatMap(blocksAfter);
  const setup = [...README.matchAll(/^```(?:sh|js)\n([\s\S]*?)```$/gm)]
    .map((match) => match[1] ?? '')
    .filter((block) => !marks.includes(block));
  const [tryIt = '', runTests] = setup.map((block) => block.trim());
  expect(setup).toHaveLength(2);
  expect(runTests).toBe('npm ci && npm test');
  const args = /^npm ci && node bin\/pcopy\.js (fixtures\/tree) (\/tmp\/\S+) (.*)$/.exec(tryIt);
  expect(args).not.toBeNull();
  const [, source = '', , options = ''] = args ?? [];
  expectExit(await pcopy([source, `${temp()}/demo`, ...options.split(' ')], { cwd: ROOT }), 0);
});

test('the script for Slurm runs the helpers and the copy, ends the helpers, and has the exit code of the copy', () => {
  const bin = temp();
  const program = (name: string, ...lines: string[]) =>
    writeFileSync(`${bin}/${name}`, ['#!/bin/sh', `echo ${name} "$@" >&2`, ...lines, ''].join('\n'), { mode: 0o755 });
  program('srun', `: >${bin}/helps`, 'exec sleep 60');
  program('pcopy', `until [ -e ${bin}/helps ]; do sleep 0.01; done`, 'exit 4');
  const env = { ...process.env, PATH: `${bin}:${process.env.PATH}` };
  const { status, stderr } = spawnSync('bash', ['-c', blockAfter('slurm')], { encoding: 'utf8', env, timeout: 20_000 });
  expect(status).toBe(4);
  expect(stderr).toMatch(/^srun .* pcopy worker redis:\/\/\S+ --allow \S+ -j 8$/m);
  expect(stderr).toMatch(/^pcopy \S+ \S+ -j 8$/m);
});

test('what is said to be typed instead of another command is a command line', () => {
  const section = README.slice(README.indexOf('### Coming from'), README.indexOf('## Dependencies'));
  const commands = [...section.matchAll(/`pcopy (?:… )?([^`]+)`/g)].map((match) => match[1] ?? '');
  expect(commands.length).toBeGreaterThan(8);
  for (const command of commands) {
    const line = command.startsWith('-') ? `${command} src dest` : command;
    expect(
      parseCommandLine(words(line), () => ''),
      line,
    ).toMatchObject({ kind: 'copy' });
  }
});

/** As a shell takes the words apart, without expanding any. */
function words(line: string): string[] {
  return (line.match(/(?:'[^']*'|[^\s'])+/g) ?? []).map((word) => word.replaceAll("'", ''));
}

test('the steps for CI systems are command lines that pcopy takes, and inputs that the action has', () => {
  const section = README.slice(README.indexOf('## In CI'), README.indexOf('## What a copy keeps'));
  const lines = [...section.matchAll(/npx --yes github:OWNER\/pcopy (.*)/g)].map((match) => match[1] ?? '');
  const step = /uses: OWNER\/pcopy\/(\S+)@\S+\n {2}with:\n((?: {4}.*\n)+)/.exec(section);
  const inputs = [...(step?.[2] ?? '').matchAll(/^ {4}(\w+): (.*)$/gm)].map(([, name = '', value = '']) => [
    name,
    value,
  ]);
  const action = readFileSync(`${ROOT}/${step?.[1]}/action.yml`, 'utf8');
  for (const [name] of inputs) expect(action).toMatch(new RegExp(`^  ${name}:$`, 'm'));
  const { source, destination, options } = Object.fromEntries(inputs);
  lines.push(`${options} -- ${source} ${destination}`);
  expect(lines).toHaveLength(4);
  for (const line of lines)
    expect(
      parseCommandLine(words(line), () => ''),
      line,
    ).toMatchObject({ kind: 'copy' });
});
