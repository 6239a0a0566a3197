import { expect, test } from 'vitest';
import { fromText } from '../../src/api/names.ts';
import { palette } from '../../src/ui/colors.ts';
import { DisplayPaths } from '../../src/ui/display-paths.ts';
import { errorLine, messagePrinter, reasonText } from '../../src/ui/messages.ts';
import { failure, summary } from './fixture/summaries.ts';

const paths = new DisplayPaths('src', 'dest');
const plain = palette(false);

function said(quiet: boolean) {
  const lines: string[] = [];
  const messages = messagePrinter((line) => lines.push(line), paths, plain, quiet);
  messages.onEvent({ type: 'error', failure: failure() });
  messages.onEvent({ type: 'skip', path: 'p', kind: 'fifo', reason: 'a FIFO' });
  messages.onEvent({ type: 'warn', path: '', code: 'EPCOPY_EMPTY', message: 'nothing matches' });
  const reason = { path: 'x', code: 'ENOSPC', message: 'the destination is full' };
  messages.onEvent({ type: 'end', summary: summary({ outcome: 'stopped', reason }) });
  return lines;
}

test('an error names the path on the side that failed, what failed and the code', () => {
  expect(errorLine(failure('a/b', 'source'), paths, plain)).toBe('pcopy: src/a/b: read: input/output error (EIO)');
  expect(errorLine(failure('a/b', 'destination'), paths, plain)).toMatch(/^pcopy: dest\/a\/b: /);
  expect(errorLine(failure('', 'source'), paths, plain)).toMatch(/^pcopy: src: /);
});

test('names and messages stay on their line and off the terminal', () => {
  const line = errorLine({ ...failure(fromText('a\n\x1b[2Jé\u202e')), message: 'bad\r\nnews' }, paths, plain);
  expect(line).toBe('pcopy: src/a\\n\\e[2Jé\\x202e: read: bad\\r\\nnews (EIO)');
  expect(errorLine(failure('caf\xe9'), paths, plain)).toContain('src/caf\\xe9:');
});

test('skipped entries, warnings and the reason of the end', () => {
  expect(said(false)).toEqual([
    'pcopy: src/a/b: read: input/output error (EIO)',
    'pcopy: src/p: skipped: a FIFO',
    'pcopy: src: warning: nothing matches (EPCOPY_EMPTY)',
    'pcopy: the destination is full (ENOSPC)',
  ]);
});

test('quiet keeps the errors', () => {
  expect(said(true)).toEqual([
    'pcopy: src/a/b: read: input/output error (EIO)',
    'pcopy: the destination is full (ENOSPC)',
  ]);
});

test('a refused run names the path it is about', () => {
  const reason = { path: fromText('sr\nc'), code: 'ENOENT', message: 'no such file or directory' };
  expect(reasonText(summary({ outcome: 'refused', reason }))).toBe('sr\\nc: no such file or directory (ENOENT)');
  expect(reasonText(summary())).toBeUndefined();
});
