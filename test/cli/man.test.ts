import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import { ALWAYS, COMMAND_OPTIONS } from '../../src/cli/command-options.ts';
import { EXAMPLES, manPage, roff } from '../../src/cli/man.ts';
import { needs } from '../support/needs.ts';

const page = manPage('1.2.3');
const groff = needs('groff');

const SECTIONS = 'NAME,SYNOPSIS,DESCRIPTION,OPTIONS,EXIT STATUS,EXAMPLES,ENVIRONMENT,SIGNALS,SEE ALSO'.split(',');

/** As a terminal shows it, all on wide lines and without bold and italics. */
function shown(source: string, ...options: string[]) {
  const file = path.join(mkdtempSync(path.join(tmpdir(), 'pcopy-man-')), 'page.1');
  onTestFinished(() => rmSync(path.dirname(file), { recursive: true }));
  writeFileSync(file, source);
  const args = ['-man', '-ww', '-Tascii', '-P-cbou', '-rLL=400n', ...options, file];
  return spawnSync('groff', args, { encoding: 'utf8' });
}

describe('the source', () => {
  test('has the sections in their order', () => {
    expect([...page.matchAll(/^\.SH (.*)$/gm)].map((match) => match[1])).toEqual(SECTIONS);
  });

  test('has every option', () => {
    for (const { flags } of [...COMMAND_OPTIONS, ...ALWAYS]) {
      const long = /--[a-z-]+/.exec(flags)?.[0] ?? '';
      expect(page).toContain(`\\fB${long.replaceAll('-', '\\-')}\\fR`);
    }
  });

  test('is plain ASCII, with no bare hyphen, and no command but those of man(7)', () => {
    expect(page).toMatch(/^[\n -~]+$/);
    for (const line of page.split('\n')) {
      if (/^[.']/.test(line)) expect(line).toMatch(/^\.(TH|SH|SS|PP|TP|RS|RE|B|BR|nf|fi|nh|ad)( |$)/);
      expect(line.replaceAll('\\-', '')).not.toContain('-');
    }
  });
});

const HOSTILE = [
  '.SH not a section',
  "'br",
  'a-b --c',
  'back\\slash \\fBnot bold',
  '"quoted" \'single\' `grave`',
  '^~#*[]{}',
  "one\n.two\n'three",
];

describe('what roff takes for its own', () => {
  groff('is shown as it is', () => {
    const source = `.TH T 1 "" "" ""\n.SH NAME\n${HOSTILE.map((text) => `.PP\n.nf\n${roff(text)}\n.fi\n`).join('')}`;
    const { stdout, stderr } = shown(source);
    expect(stderr).toBe('');
    for (const line of HOSTILE.join('\n').split('\n')) expect(stdout.split('\n').map((s) => s.trim())).toContain(line);
  });

  groff('is shown as it is in the argument of a macro too', () => {
    for (const text of HOSTILE.filter((hostile) => !hostile.includes('\n'))) {
      expect(shown(`.TH T 1 "" "" ""\n.SH NAME\n.B ${roff(text)}\n`).stdout).toContain(text);
    }
  });
});

groff('groff has nothing to say against the page, at any width', () => {
  for (const width of ['-rLL=40n', '-rLL=80n', '-rLL=200n']) expect(shown(page, width, '-z').stderr).toBe('');
});

groff('what it shows can be copied into a shell', () => {
  const { stdout } = shown(page);
  for (const [, command] of EXAMPLES) expect(stdout).toContain(`  ${command}\n`);
  expect(stdout).toContain('-j, --jobs n');
});
