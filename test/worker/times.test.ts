import { expect, test } from 'vitest';
import type { Stat } from '../../src/fs/file-system.ts';
import { isCutToEvenSecond, sameTime } from '../../src/protocol/same.ts';
import { type Context, emptyReport } from '../../src/worker/context.ts';
import { setAndCheckTimes } from '../../src/worker/times.ts';

/** In a file system of seconds, unless the time of change has digits below one. */
const at = (mtime: number, mtimeNs: number, changedMs = 1_700_000_002_000) => ({ mtime, mtimeNs, changedMs });

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

test('a round time is cut only where the time of change is round too', () => {
  const fine = 1_700_000_002_123.456;
  const source = at(1_700_000_001, 123_456_789, fine);
  for (const cut of [123_000_000, 120_000_000, 0]) {
    for (const changed of [1_700_000_002_000, 1_700_000_002_120, 1_700_000_002_123]) {
      expect(sameTime(source, at(1_700_000_001, cut, changed)), `${cut} ${changed}`).toBe(true);
      expect(sameTime(at(1_700_000_001, cut, changed), source), `${cut} ${changed}`).toBe(true);
    }
    expect(sameTime(source, at(1_700_000_001, cut, fine)), String(cut)).toBe(false);
    expect(sameTime(at(1_700_000_001, cut, fine), source), String(cut)).toBe(false);
  }
  // A driver cuts to these, wherever the file lies.
  for (const cut of [123_456_700, 123_456_000]) {
    expect(sameTime(source, at(1_700_000_001, cut, fine)), String(cut)).toBe(true);
  }
  expect(sameTime(at(1_700_000_001, 0, fine), at(1_700_000_001, 0, fine))).toBe(true);
});

/** Sets times, in a file system that cuts them to `unit` nanoseconds: how many were asked for again, and how many got lost. */
function setTimes(unit: number, times: readonly (readonly [seconds: number, nanoseconds: number])[]) {
  const cut = (seconds: number, ns: number) =>
    unit < 1e9 ? [seconds, ns - (ns % unit)] : [seconds - (seconds % 2), 0];
  let there: Partial<Stat> = {};
  let asked = 0;
  const fs = {
    timeUnit: 1,
    setTimes: (_handle: number, { atime, atimeNs, mtime, mtimeNs }: Stat) => {
      const [a, aNs] = cut(atime, atimeNs);
      const [m, mNs] = cut(mtime, mtimeNs);
      there = { atime: a, atimeNs: aNs, mtime: m, mtimeNs: mNs } as Partial<Stat>;
    },
    stat: () => {
      asked++;
      return there;
    },
  };
  const keptTo = { atime: Number.POSITIVE_INFINITY, mtime: Number.POSITIVE_INFINITY };
  const context = { fs, hasMounts: false, learned: { keptTo }, report: emptyReport(0) } as unknown as Context;
  for (const [seconds, ns] of times) {
    setAndCheckTimes(context, 0, { atime: seconds, atimeNs: ns, mtime: seconds, mtimeNs: ns } as Stat);
  }
  return { asked, lost: context.report.lost['exact times'] ?? 0 };
}

test('what a file system keeps of times is asked for until it is known, and again for finer ones', () => {
  const whole = (...seconds: number[]) => seconds.map((second) => [second, 0] as const);
  const parts = (...nanoseconds: number[]) => nanoseconds.map((ns) => [1_700_000_001, ns] as const);
  // Whole seconds, as archives hold them.
  expect(setTimes(1, whole(1_700_000_001, 1_700_000_002, 1_700_000_003))).toEqual({ asked: 1, lost: 0 });
  expect(setTimes(1, parts(120_000, 5_000_000, 0, 70_000))).toEqual({ asked: 1, lost: 0 });
  expect(setTimes(1, parts(0, 120_000, 123_456_789, 987_654_321))).toEqual({ asked: 3, lost: 0 });
  expect(setTimes(100, parts(0, 500, 123_456_789, 123_456_788, 700))).toEqual({ asked: 4, lost: 2 });
  // FAT: even seconds.
  expect(setTimes(2e9, whole(1_700_000_002, 1_700_000_001, 1_700_000_003, 1_700_000_004))).toEqual({
    asked: 3,
    lost: 2,
  });
});
