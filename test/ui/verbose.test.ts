import { expect, test } from 'vitest';
import type { CopyEvent } from '../../src/api/events.ts';
import { DisplayPaths } from '../../src/ui/display-paths.ts';
import { entryPrinter } from '../../src/ui/verbose.ts';

const EVENTS: CopyEvent[] = [
  { type: 'file', path: 'a\nb', kind: 'file', action: 'copied', bytes: 1 },
  { type: 'file', path: 'same', kind: 'file', action: 'unchanged', bytes: 1 },
  { type: 'file', path: 'gone', kind: 'file', action: 'deleted', bytes: 0 },
  { type: 'file', path: '', kind: 'directory', action: 'copied', bytes: 0 },
  { type: 'file', path: 'f', kind: 'file', action: 'copied', bytes: 1, dryRun: true },
  { type: 'file', path: 'f', kind: 'file', action: 'copied', bytes: 1, dryRun: true, replaces: true },
  { type: 'file', path: 'gone', kind: 'file', action: 'deleted', bytes: 0, dryRun: true },
  { type: 'skip', path: 'fifo', kind: 'fifo', reason: '' },
];

const DRY = ['src/f -> dest/f (new)', 'src/f -> dest/f (replaced)', 'would delete dest/gone'];

test.each([
  [true, ['src/a\\nb -> dest/a\\nb', 'src/same -> dest/same (unchanged)', 'deleted dest/gone', 'src -> dest', ...DRY]],
  [false, ['src/a\\nb -> dest/a\\nb', 'deleted dest/gone', 'src -> dest', ...DRY]],
])('with unchanged entries %s', (unchanged, expected) => {
  const lines: string[] = [];
  const reporter = entryPrinter((l) => lines.push(l), new DisplayPaths('src', 'dest'), unchanged);
  for (const event of EVENTS) reporter.onEvent(event);
  expect(lines).toEqual(expected);
});
