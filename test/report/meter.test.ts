import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { Meter } from '../../src/report/meter.ts';
import { snapshot, summary } from '../ui/fixture/summaries.ts';
import { type Scenario, simulate } from './fixture/simulation.ts';

const scenarios = fc.record<Scenario>({
  sizes: fc.array(fc.nat(5_000_000), { maxLength: 100 }),
  workers: fc.integer({ min: 1, max: 8 }),
  msPerFile: fc.double({ min: 0.1, max: 50, noNaN: true }),
  msPerByte: fc.constant(1e-5),
  listingMs: fc.nat(2000),
});

test('the rate of each machine is that of the last seconds, at the end of the whole run', () => {
  const meter = new Meter();
  const machine = (name: string, bytes: number) => ({ name, working: 1, entries: 1, bytes, silentMs: 0 });
  meter.observe(snapshot({ elapsedMs: 1000, machines: [machine('a', 4000)] }));
  for (let s = 9; s <= 15; s++) {
    meter.observe(snapshot({ elapsedMs: s * 1000, machines: [machine('a', 4000), machine('b', s * 1000)] }));
  }
  expect(meter.reading().machines?.map(({ bytesPerSecond }) => bytesPerSecond)).toEqual([0, 1000]);
  meter.finish(summary({ elapsedMs: 20_000 }));
  expect(meter.reading().machines?.map(({ bytesPerSecond }) => bytesPerSecond)).toEqual([200, 750]);
  expect(meter.reading().machines?.[1]).toMatchObject({ name: 'b', bytes: 15_000 });
});

test('the fraction never goes back, stays below 1 until the run has ended, and is not known while the totals grow', () => {
  fc.assert(
    fc.property(scenarios, (scenario) => {
      const meter = new Meter();
      let before = 0;
      for (const now of simulate(scenario)) {
        meter.observe(now);
        const { fraction, growing } = meter.reading();
        expect(growing).toBe(!now.found.complete);
        expect(fraction === null).toBe(growing);
        if (fraction === null) continue;
        expect(fraction).toBeGreaterThanOrEqual(before);
        expect(fraction).toBeLessThan(1);
        before = fraction;
      }
      meter.finish(summary());
      expect(meter.reading().fraction).toBe(1);
    }),
    { numRuns: 50 },
  );
});

describe('totals that turn out wrong', () => {
  const found = { files: 2, directories: 0, bytes: 100, complete: true };

  test('a file that grew does not pass the end', () => {
    const meter = new Meter();
    meter.observe(snapshot({ elapsedMs: 1000, found, settled: 1, settledBytes: 5000 }));
    expect(meter.reading().fraction).toBeLessThan(1);
    expect(meter.reading().bytesTotal).toBe(5000);
  });

  test('numbers that fall leave the bar where it was', () => {
    const meter = new Meter();
    meter.observe(snapshot({ elapsedMs: 1000, found, settled: 1, settledBytes: 50 }));
    const { fraction } = meter.reading();
    meter.observe(snapshot({ elapsedMs: 1100, found, settled: 0, settledBytes: 0 }));
    expect(meter.reading().fraction).toBe(fraction);
  });
});

test('totals from a survey before the listing are kept while it goes on', () => {
  const meter = new Meter();
  meter.observe(snapshot({ found: { files: 10, directories: 1, bytes: 1000, complete: true } }));
  meter.observe(
    snapshot({
      elapsedMs: 500,
      found: { files: 6, directories: 1, bytes: 600, complete: false },
      settled: 5,
      settledBytes: 500,
    }),
  );
  expect(meter.reading()).toMatchObject({ growing: false, files: 5, filesTotal: 10, bytes: 500, bytesTotal: 1000 });
  expect(meter.reading().fraction).toBeCloseTo(0.5);
});

describe('the end', () => {
  const half = snapshot({
    elapsedMs: 1000,
    found: { files: 10, directories: 1, bytes: 1000, complete: true },
    settled: 5,
    settledBytes: 500,
  });

  test('a run that settled everything shows its totals', () => {
    const meter = new Meter();
    meter.observe(half);
    meter.finish(summary({ outcome: 'incomplete', elapsedMs: 2000 }));
    expect(meter.reading()).toMatchObject({
      fraction: 1,
      files: 10,
      filesTotal: 10,
      bytes: 3072,
      etaMs: 0,
      ended: true,
    });
  });

  test.each(['stopped', 'interrupted'] as const)('a run that was %s stays where it was', (outcome) => {
    const meter = new Meter();
    meter.observe(half);
    meter.finish(summary({ outcome, totals: { ...half.totals, files: 5, bytes: 500 } }));
    const { fraction, files, filesTotal, etaMs } = meter.reading();
    expect(fraction).toBeCloseTo(0.5);
    expect({ files, filesTotal, etaMs }).toEqual({ files: 5, filesTotal: 10, etaMs: null });
  });
});

test('the rate is of what was copied in the last seconds, not of what was left unchanged', () => {
  const meter = new Meter();
  for (let s = 1; s <= 20; s++) {
    const moved = s <= 10 ? s * 1000 : 10_000 + (s - 10) * 5000;
    meter.observe(snapshot({ elapsedMs: s * 1000, settledBytes: 10 ** 12, movedBytes: moved }));
  }
  expect(meter.reading().bytesPerSecond).toBeCloseTo(5000);
});

test('what is skipped for its type is not counted among the files at the end, as it was not before', () => {
  const meter = new Meter();
  const found = { files: 5, directories: 0, bytes: 500, complete: true };
  meter.observe(snapshot({ elapsedMs: 1000, found, settled: 4, settledBytes: 400 }));
  const totals = { ...snapshot().totals, files: 5, bytes: 500, skipped: 3 };
  meter.finish(summary({ totals }));
  expect(meter.reading()).toMatchObject({ files: 5, filesTotal: 5, fraction: 1 });
});

describe('a run that stands still', () => {
  const found = { files: 10, directories: 0, bytes: 1000, complete: true };
  const at = (elapsedMs: number, settled: number) =>
    snapshot({ elapsedMs, found, settled, settledBytes: settled * 100, workers: [] });

  test('says so after ten seconds, has no ETA, and its share of the time is known', () => {
    const meter = new Meter();
    for (let ms = 0; ms <= 5_000; ms += 250) meter.observe(at(ms, 2));
    meter.observe(at(9_000, 2));
    expect(meter.reading()).toMatchObject({ stalledMs: 0 });
    meter.observe(at(40_000, 2));
    expect(meter.reading()).toMatchObject({ stalledMs: 40_000, etaMs: null });
    meter.observe(at(40_100, 3));
    expect(meter.reading().stalledMs).toBe(0);
    expect(meter.stalledMs(40_100)).toBe(40_100);
  });

  test('an estimate beyond reason is none', () => {
    const meter = new Meter();
    const workers = [{ index: 0, path: 'a', done: 0, size: 0, silentMs: 0 }];
    const many = { files: 10_000_000, directories: 0, bytes: 1e15, complete: true };
    for (const [ms, settled] of [
      [0, 0],
      [1000, 1],
      [2000, 2],
    ] as const) {
      meter.observe(snapshot({ elapsedMs: ms, found: many, settled, settledBytes: settled * 100, workers }));
    }
    expect(meter.reading().etaMs).toBeNull();
  });
});
