import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import { UsageError } from '../../src/api/errors.ts';
import { COMMAND_OPTIONS } from '../../src/cli/command-options.ts';
import { completionScript } from '../../src/cli/completion.ts';
import { needs } from '../support/needs.ts';

const none = () => false;
const script = (shell: string) => completionScript(['completion', shell], none) ?? '';

describe.each(['bash', 'zsh', 'fish'])('%s', (shell) => {
  test('knows every option', () => {
    for (const { flags } of COMMAND_OPTIONS) {
      const long = /--([a-z-]+)/.exec(flags)?.[1];
      expect(script(shell)).toMatch(new RegExp(`(--|-l )${long}\\b`));
    }
  });

  needs(shell)(`its script is one that ${shell} reads`, () => {
    const file = path.join(mkdtempSync(path.join(tmpdir(), 'pcopy-completion-')), shell);
    onTestFinished(() => rmSync(path.dirname(file), { recursive: true }));
    writeFileSync(file, script(shell));
    const { status, stderr } = spawnSync(shell, ['-n', file], { encoding: 'utf8' });
    expect(stderr).toBe('');
    expect(status).toBe(0);
  });
});

describe('bash completes', () => {
  const complete = (...words: string[]) => {
    const ask = `COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); _pcopy; printf '%s\\n' "\${COMPREPLY[@]}"`;
    const { stdout } = spawnSync('bash', ['-c', `${script('bash')}\n${ask}`, 'bash', ...words], { encoding: 'utf8' });
    return stdout.split('\n').filter((line) => line !== '');
  };
  test.each([
    [
      ['pcopy', '--ex'],
      ['--exclude', '--exclude-from'],
    ],
    [
      ['pcopy', 'src', '--sparse', 'a'],
      ['auto', 'always'],
    ],
    [['pcopy', '--progress', '=', 'j'], ['json']],
    [
      ['pcopy', '--progress', '='],
      ['auto', 'bar', 'plain', 'json', 'none'],
    ],
    [['pcopy', '-j', ''], []],
    [
      ['pcopy', 'worker', 'redis', '://', 'x', '--'],
      ['--allow', '--jobs', '--help'],
    ],
    [['pcopy', 'worker', 'dest', '--allo'], []],
    [['pcopy', 'sr'], []],
  ])('%j', (words, expected) => expect(complete(...words)).toEqual(expected));
});

describe('after pcopy worker and a URL there are the options of a worker, else those of a copy', () => {
  const options = (text: string) => [...text.matchAll(/--[a-z-]+/g)].map(([name]) => name);
  const cases: [string[], boolean][] = [
    [['worker', 'redis://x'], true],
    [['worker', 'unix:///s', '--allow', '/', '-j', '2'], true],
    [['worker', 'dest'], false],
    [['worker'], false],
    [['src', 'redis://x'], false],
  ];

  needs('fish')('fish', () => {
    for (const [words, isWorker] of cases) {
      const ask = `complete -C 'pcopy ${words.join(' ')} --'`;
      const { stdout } = spawnSync('fish', ['--no-config', '-c', `${script('fish')}\n${ask}`], { encoding: 'utf8' });
      expect(options(stdout.replace(/\t.*/g, '')).includes('--allow'), words.join(' ')).toBe(isWorker);
      expect(options(stdout.replace(/\t.*/g, '')).includes('--sparse'), words.join(' ')).toBe(!isWorker);
    }
  });

  needs('zsh')('zsh', () => {
    for (const [words, isWorker] of cases) {
      // What its completion system would be asked for.
      const before = `compdef() {}; _arguments() { print -rl -- "$@" }; words=(pcopy ${words.join(' ')} --)`;
      const { stdout } = spawnSync('zsh', ['-f', '-c', `${before}\n${script('zsh')}\n_pcopy`], { encoding: 'utf8' });
      expect(options(stdout).includes('--allow'), words.join(' ')).toBe(isWorker);
      expect(options(stdout).includes('--sparse'), words.join(' ')).toBe(!isWorker);
    }
  });
});

describe('it is a copy and not a script', () => {
  test.each([[['completion', '--help']], [['completion', 'bash', '-v']], [['src', 'bash']]])('%j', (args) =>
    expect(completionScript(args, none)).toBeUndefined(),
  );

  test('where a folder of that name exists', () => {
    expect(completionScript(['completion', 'bash'], (path) => path === 'completion')).toBeUndefined();
  });
});

test.each([[['completion', 'tcsh']], [['completion']]])('%j says which shells there are', (args) => {
  expect(() => completionScript(args, none)).toThrow(UsageError);
  expect(() => completionScript(args, none)).toThrow(/takes one of the shells bash, zsh, fish/);
});
