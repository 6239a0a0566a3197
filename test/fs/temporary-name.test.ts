import { expect, test } from 'vitest';
import { parseTemporaryName, partialName, runMark, temporaryName } from '../../src/fs/temporary-name.ts';

test('a temporary name says whose it is, and no two are the same', () => {
  const marks = [runMark(), runMark()];
  const names = marks.flatMap((mark) => [temporaryName(mark, 7), temporaryName(mark, 7, true)]);
  expect(new Set(names).size).toBe(4);
  const ours = { pid: process.pid, job: 7, isHere: true };
  expect(names.map(parseTemporaryName)).toEqual([
    { ...ours, mark: marks[0], isLocked: false, isPartial: false },
    { ...ours, mark: marks[0], isLocked: true, isPartial: false },
    { ...ours, mark: marks[1], isLocked: false, isPartial: false },
    { ...ours, mark: marks[1], isLocked: true, isPartial: false },
  ]);
  const kept = [marks[0], marks[0]].map((mark) => partialName(mark ?? '', 7));
  expect(new Set(kept.map((name) => parseTemporaryName(name)?.mark)).size).toBe(2);
  for (const name of kept) expect(parseTemporaryName(name)).toMatchObject({ ...ours, isLocked: true, isPartial: true });
});

test('what only looks like one is none', () => {
  const name = temporaryName(runMark(), 0);
  for (const other of [`${name}~`, `x${name}`, name.toUpperCase(), name.replace('-n-', '-m-'), '.pcopy-1.tmp', '']) {
    expect(parseTemporaryName(other), other).toBe(null);
  }
});
