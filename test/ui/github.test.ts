import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { fromText } from '../../src/api/names.ts';
import { palette } from '../../src/ui/colors.ts';
import { DisplayPaths } from '../../src/ui/display-paths.ts';
import {
  Annotations,
  annotation,
  failedSummary,
  stepSummary,
  stepSummaryWriter,
  withoutCommands,
} from '../../src/ui/github.ts';
import { messagePrinter } from '../../src/ui/messages.ts';
import { failure, summary } from './fixture/summaries.ts';

const paths = new DisplayPaths('src', 'dest');

/** How the runner reads a line (actions/runner, ActionCommand.TryParseV2): a decoded `%25` is not decoded again. */
function parse(line: string) {
  const match = /^::([^ :]+)(?: (.*?))?::(.*)$/.exec(line);
  const data = (text: string) => text.replaceAll('%0D', '\r').replaceAll('%0A', '\n').replaceAll('%25', '%');
  const property = (text: string) => data(text.replaceAll('%3A', ':').replaceAll('%2C', ','));
  const pairs = (match?.[2] ?? '').split(',').map((pair) => /^([^=]+)=(.+)$/.exec(pair)?.slice(1) ?? []);
  return {
    command: match?.[1],
    properties: Object.fromEntries(pairs.map(([name, value = '']) => [name, property(value)])),
    message: data(match?.[3] ?? ''),
  };
}

describe('an annotation', () => {
  test.each(['plain', 'two\nlines\r\n', '100%', '%0A', '%250A', 'a:b,c=d::e', 'x,line=3', '##[error]'])(
    'carries %j whole',
    (text) => {
      const line = annotation('warning', text, text);
      expect(line).not.toMatch(/[\r\n]/);
      expect(parse(line)).toEqual({ command: 'warning', properties: { title: text }, message: text });
    },
  );
});

describe('a line that is no annotation', () => {
  // actions/runner, ActionCommand.TryParse: the older form counts anywhere in the line.
  test.each(['##[add-mask]x', '###[error]', 'a ##[group] b ##[group]'])('holds no command: %j', (text) => {
    expect(withoutCommands(text)).not.toContain('##[');
    expect(JSON.parse(withoutCommands(JSON.stringify({ text, back: `\\${text}` })))).toEqual({
      text,
      back: `\\${text}`,
    });
  });

  test('stays as it is', () => expect(withoutCommands('# a [b] ##')).toBe('# a [b] ##'));
});

function messages({ quiet = false } = {}) {
  const lines: string[] = [];
  return { lines, to: messagePrinter((line) => lines.push(line), paths, palette(true), quiet, new Annotations()) };
}

describe('a run', () => {
  let dir: string;
  beforeEach(() => {
    dir = mkdtempSync(path.join(tmpdir(), 'pcopy-github-'));
  });
  afterEach(() => rmSync(dir, { recursive: true }));

  test('says each failure once: the first nine as annotations, and why it ended as the tenth', () => {
    const { lines, to } = messages();
    for (let i = 0; i < 12; i++) to.onEvent({ type: 'error', failure: failure(`f${i}`) });
    const reason = { path: 'f11', message: 'the destination is full', code: 'ENOSPC' };
    to.onEvent({ type: 'end', summary: summary({ outcome: 'stopped', reason }) });
    expect(lines).toHaveLength(13);
    for (let i = 0; i < 12; i++) expect(lines[i]).toContain(`src/f${i}: read: input/output error (EIO)`);
    expect(lines[8]).toBe('::error title=pcopy::pcopy: src/f8: read: input/output error (EIO)');
    expect(lines[9]).toBe('\x1b[31mpcopy:\x1b[39m src/f9: read: input/output error (EIO)');
    expect(lines[12]).toBe('::error title=pcopy::pcopy: the destination is full (ENOSPC)');
  });

  test('says warnings as annotations, ten of them, and what is skipped as ever', () => {
    const { lines, to } = messages();
    to.onEvent({ type: 'skip', path: 'p', kind: 'fifo', reason: 'a FIFO' });
    for (let i = 0; i < 12; i++) {
      to.onEvent({ type: 'warn', path: '', code: 'EPCOPY_NOMATCH', message: `100% of ${i}` });
    }
    expect(lines[0]).toBe('\x1b[33mpcopy:\x1b[39m src/p: skipped: a FIFO');
    expect(lines[1]).toBe('::warning title=pcopy::pcopy: src: warning: 100%25 of 0 (EPCOPY_NOMATCH)');
    expect(lines.filter((line) => line.startsWith('::warning '))).toHaveLength(10);
    expect(lines).toHaveLength(13);
  });

  test('says no warning when it is to be quiet', () => {
    const { lines, to } = messages({ quiet: true });
    to.onEvent({ type: 'warn', path: '', code: 'EPCOPY_NOMATCH', message: 'nothing matches' });
    to.onEvent({ type: 'error', failure: failure() });
    expect(lines).toEqual([expect.stringMatching(/^::error /)]);
  });

  test('annotates why it was refused', () => {
    const { lines, to } = messages();
    const reason = { path: 'src', message: 'no such file or directory', code: 'ENOENT' };
    to.onEvent({ type: 'end', summary: summary({ outcome: 'refused', reason }) });
    expect(lines).toEqual(['::error title=pcopy::pcopy: src: no such file or directory (ENOENT)']);
  });

  test('adds its summary to the page', () => {
    const file = path.join(dir, 'summary.md');
    writeFileSync(file, 'before\n');
    stepSummaryWriter(() => {}, paths, file).onEvent({ type: 'end', summary: summary() });
    const page = readFileSync(file, 'utf8');
    expect(page).toMatch(/^before\n### pcopy <code>src<\/code> → <code>dest<\/code>\n/);
    expect(page).toContain('- <code>copied 3 files, 1 directory; 3.0 KiB in 1.50 s, 2.0 KiB/s</code>');
  });

  test('goes on when the page cannot be written', () => {
    const lines: string[] = [];
    stepSummaryWriter((line) => lines.push(line), paths, dir).onEvent({ type: 'end', summary: summary() });
    stepSummaryWriter((line) => lines.push(line), paths, `${dir}/no/\n::error::`).onEvent({
      type: 'end',
      summary: summary(),
    });
    expect(lines).toEqual([
      expect.stringMatching(/^pcopy: step summary: EISDIR/),
      expect.stringMatching(/^pcopy: step summary: ENOENT.+\\n::error::'$/),
    ]);
  });
});

test('the page shows names as they are, whatever they hold', () => {
  const failures = [failure(fromText('<img src=x>|`*_&\n'))];
  const page = stepSummary(
    summary({ outcome: 'incomplete', failures, totals: { ...summary().totals, failed: 1 } }),
    paths,
  );
  expect(page).toContain(
    '- <code>src/&#60;img src=x&#62;&#124;&#96;&#42;&#95;&#38;&#92;n: read: input/output error (EIO)</code>',
  );
});

test('the page lists a hundred failures and counts the others', () => {
  const failures = Array.from({ length: 150 }, (_, i) => failure(`f${i}`));
  const page = stepSummary(summary({ failures, moreFailures: 50 }), paths);
  expect(page).toContain('<summary>200 failed</summary>');
  expect(page).toContain('- and 100 more\n');
});

test('the page stays below what GitHub takes, however long the names are', () => {
  const failures = Array.from({ length: 100 }, (_, i) => failure(`${i}${'<'.repeat(10_000)}`));
  const page = stepSummary(summary({ failures }), paths);
  expect(Buffer.byteLength(page)).toBeLessThan(1 << 19);
  expect(page).toMatch(/- and \d\d more\n/);
});

test('the page of a command that never ran', () => {
  expect(failedSummary("unknown option '--<b>'\n")).toBe(
    "### pcopy\n\n- <code>unknown option '--&#60;b&#62;'&#92;n</code>\n\n",
  );
});
