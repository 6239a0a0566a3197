import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { Meter } from '../../src/ui/meter.ts';
import { type Scenario, simulate } from './fixture/simulation.ts';
import { snapshot, summary } from './fixture/summaries.ts';

const scenarios = fc.record<Scenario>({
  sizes: fc.array(fc.nat(5_000_000), { maxLength: 100 }),
  workers: fc.integer({ min: 1, max: 8 }),
  msPerFile: fc.double({ min: 0.1, max: 50, noNaN: true }),
  msPerByte: fc.constant(1e-5),
  listingMs: fc.nat(2000),
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
      etaMs: null,
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
    meter.observe(
      snapshot({ elapsedMs: s * 1000, settledBytes: 10 ** 12, totals: { ...snapshot().totals, bytes: moved } }),
    );
  }
  expect(meter.reading().bytesPerSecond).toBeCloseTo(5000);
});

test('between two snapshots the clocks go on', () => {
  const meter = new Meter();
  meter.observe(snapshot({ elapsedMs: 1000 }));
  expect(meter.reading(300).elapsedMs).toBe(1300);
});

test('what is skipped for its type is not counted among the files at the end, as it was not before', () => {
  const meter = new Meter();
  const found = { files: 5, directories: 0, bytes: 500, complete: true };
  meter.observe(snapshot({ elapsedMs: 1000, found, settled: 4, settledBytes: 400 }));
  const totals = { ...snapshot().totals, files: 5, bytes: 500, skipped: 3 };
  meter.finish(summary({ totals }));
  expect(meter.reading()).toMatchObject({ files: 5, filesTotal: 5, fraction: 1 });
});
