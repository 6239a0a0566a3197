import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { fromText } from '../../src/names.ts';
import { Ends } from '../../src/progress/ends.ts';
import { annotation, GithubReporter, stepSummary } from '../../src/progress/github.ts';
import { failure, summary } from './fixture/summaries.ts';

const ends = new Ends('src', 'dest');

/** How the runner reads a line (actions/runner, ActionCommand.TryParseV2). */
function parse(line: string) {
  const match = /^::([^ :]+)(?: ([^:]*))?::(.*)$/.exec(line);
  const decode = (text: string) =>
    text
      .replaceAll('%0D', '\r')
      .replaceAll('%0A', '\n')
      .replaceAll('%3A', ':')
      .replaceAll('%2C', ',')
      .replaceAll('%25', '%');
  const properties = Object.fromEntries((match?.[2] ?? '').split(',').map((pair) => pair.split('=').map(decode)));
  return { command: match?.[1], properties, message: decode(match?.[3] ?? '') };
}

describe('an annotation', () => {
  test.each(['plain', 'two\nlines\r\n', '100%', '%0A', 'a:b,c=d::e', '##[error]'])('carries %j whole', (text) => {
    const line = annotation(text, text);
    expect(line).not.toMatch(/[\r\n]/);
    expect(parse(line)).toMatchObject({ command: 'error', message: text });
    if (!text.includes('=')) expect(parse(line).properties).toEqual({ title: text });
  });
});

describe('a run', () => {
  let dir: string;
  beforeEach(() => {
    dir = mkdtempSync(path.join(tmpdir(), 'pcopy-github-'));
  });
  afterEach(() => rmSync(dir, { recursive: true }));

  test('annotates its first ten failures', () => {
    const lines: string[] = [];
    const reporter = new GithubReporter((line) => lines.push(line), ends, undefined);
    for (let i = 0; i < 12; i++) reporter.onEvent({ type: 'error', failure: failure(`f${i}`) });
    expect(lines).toHaveLength(10);
    expect(lines[0]).toBe('::error title=pcopy::src/f0: read: input/output error (EIO)');
  });

  test('annotates why it was refused', () => {
    const lines: string[] = [];
    const reporter = new GithubReporter((line) => lines.push(line), ends, undefined);
    const reason = { path: 'src', message: 'no such file or directory', code: 'ENOENT' };
    reporter.onEvent({ type: 'end', summary: summary({ outcome: 'refused', reason }) });
    expect(lines).toEqual(['::error title=pcopy::src: no such file or directory (ENOENT)']);
  });

  test('adds its summary to the page', () => {
    const file = path.join(dir, 'summary.md');
    writeFileSync(file, 'before\n');
    new GithubReporter(() => {}, ends, file).onEvent({ type: 'end', summary: summary() });
    const page = readFileSync(file, 'utf8');
    expect(page).toMatch(/^before\n### pcopy <code>src<\/code> → <code>dest<\/code>\n/);
    expect(page).toContain('- <code>copied 3 files, 1 directory; 3.0 KiB in 1.50 s, 2.0 KiB/s</code>');
  });

  test('goes on when the page cannot be written', () => {
    const lines: string[] = [];
    new GithubReporter((line) => lines.push(line), ends, dir).onEvent({ type: 'end', summary: summary() });
    expect(lines).toEqual([expect.stringMatching(/^pcopy: step summary: EISDIR/)]);
  });
});

test('the page shows names as they are, whatever they hold', () => {
  const failures = [failure(fromText('<img src=x>|`*_&\n'))];
  const page = stepSummary(
    summary({ outcome: 'incomplete', failures, totals: { ...summary().totals, failed: 1 } }),
    ends,
  );
  expect(page).toContain(
    '- <code>src/&#60;img src=x&#62;&#124;&#96;&#42;&#95;&#38;&#92;n: read: input/output error (EIO)</code>',
  );
});

test('the page lists a hundred failures and counts the others', () => {
  const failures = Array.from({ length: 150 }, (_, i) => failure(`f${i}`));
  const page = stepSummary(summary({ failures, moreFailures: 50 }), ends);
  expect(page).toContain('<summary>200 failed</summary>');
  expect(page).toContain('- and 100 more\n');
});
