import { expect, test } from 'vitest';
import { isAbandoned, isTemporaryOf, runMark, temporaryName } from '../../src/fs/temporary-name.ts';

test('of two runs in one process each knows its own temporary files, and neither is abandoned', () => {
  const marks = [runMark(), runMark()];
  const names = marks.map(temporaryName);
  expect(names.map((name) => marks.map((mark) => isTemporaryOf(name, mark, null)))).toEqual([
    [true, false],
    [false, true],
  ]);
  expect(names.map((name, i) => isTemporaryOf(name, marks[i] as string, process.pid))).toEqual([true, true]);
  expect(names.map((name, i) => isTemporaryOf(name, marks[i] as string, process.pid + 1))).toEqual([false, false]);
  expect(names.map(isAbandoned)).toEqual([false, false]);
});
