import { expect, test } from 'vitest';
import { isCutToEvenSecond, sameTime } from '../../src/worker/times.ts';

const at = (mtime: number, mtimeNs: number) => ({ mtime, mtimeNs });

test('two times are the same as far as both sides can tell', () => {
  const source = at(1_700_000_001, 123_456_789);
  for (const cut of [123_456_789, 123_456_700, 123_456_000, 123_000_000, 120_000_000, 0]) {
    expect(sameTime(source, at(1_700_000_001, cut)), String(cut)).toBe(true);
    expect(sameTime(at(1_700_000_001, cut), source), String(cut)).toBe(true);
  }
  for (const other of [123_456_788, 123_456_600, 123_457_000, 124_000_000, 130_000_000]) {
    expect(sameTime(source, at(1_700_000_001, other)), String(other)).toBe(false);
  }
  // What Node 24 makes of this microsecond, and its neighbour.
  expect(sameTime(source, at(1_700_000_001, 123_456_478))).toBe(true);
  expect(sameTime(source, at(1_700_000_001, 123_456_479))).toBe(false);
  expect(sameTime(source, at(1_700_000_000, 0))).toBe(false);
  expect(isCutToEvenSecond(source, at(1_700_000_000, 0))).toBe(true);
  expect(isCutToEvenSecond(source, at(1_699_999_998, 0))).toBe(false);
  expect(isCutToEvenSecond(source, at(1_700_000_000, 5))).toBe(false);
});
