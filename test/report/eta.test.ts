import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { Eta } from '../../src/report/eta.ts';
import { snapshot } from '../ui/fixture/summaries.ts';
import { random, type Scenario, simulate } from './fixture/simulation.ts';

/** The largest error of the predicted end, relative to the whole run, from the first third of it on. */
function worstError(scenario: Scenario): number {
  const eta = new Eta();
  const estimates: { at: number; left: number }[] = [];
  let end = 0;
  for (const now of simulate(scenario)) {
    eta.observe(now);
    const left = eta.estimate(now);
    if (left !== null) estimates.push({ at: now.elapsedMs, left });
    end = now.elapsedMs;
  }
  const late = estimates.filter(({ at }) => at >= end / 3);
  return Math.max(...late.map(({ at, left }) => Math.abs(at + left - end) / end));
}

/** Sizes as in a source tree: most of some KiB, a few a hundred times that. */
function smallFiles(count: number, seed: number): number[] {
  const next = random(seed);
  const normal = () => Math.sqrt(-2 * Math.log(1 - next())) * Math.cos(2 * Math.PI * next());
  return Array.from({ length: count }, () => Math.round(4000 * Math.exp(1.2 * normal())));
}

describe('a tree of small files and one big file', () => {
  const seed = 7;
  const small = smallFiles(30_000, seed);
  const bytes = small.reduce((sum, size) => sum + size, 0);

  describe.each([
    ['a memory file system', 0.025, 1e-6],
    ['a disk', 0.05, 2e-6],
    ['a slow disk', 0.4, 1.2e-5],
  ])('on %s', (_name, msPerFile, msPerByte) => {
    describe.each([1, 2, 4])('with %d workers', (workers) => {
      test.each([0.3, 0.5, 0.7])('the big one being %d of the work', (share) => {
        // Slowed down twenty times: intervals of a real run hold as many files, but the simulation is cheap.
        const scale = msPerFile < 0.1 ? 20 : 1;
        const work = small.length * msPerFile + bytes * msPerByte;
        const big = Math.round((work * share) / (1 - share) / msPerByte);
        const noise = random(3);
        const scenario = {
          workers,
          msPerFile: msPerFile * scale,
          msPerByte: msPerByte * scale,
          noise: () => 0.7 + 0.6 * noise(),
          rangeBytes: 64 << 20,
          stepMs: 250,
        };
        expect(worstError({ ...scenario, sizes: [...small, big] })).toBeLessThan(0.25);
        expect(worstError({ ...scenario, sizes: [big, ...small] })).toBeLessThan(0.25);
      });
    });
  });
});

describe('a rate that was asked for', () => {
  const found = { files: 1100, directories: 0, bytes: 1_100_000, complete: true };
  const at = (elapsedMs: number, settled: number, bytes: number) => {
    const totals = { ...snapshot().totals, bytes };
    const workers = [{ index: 0, path: `${settled}`, done: 0, size: 0, silentMs: 0 }];
    return snapshot({
      elapsedMs,
      found,
      settled,
      settledBytes: settled * 1000,
      totals,
      workers,
      limit: 1000,
      movedBytes: bytes,
    });
  };
  const left = (bytes: number) => {
    const eta = new Eta();
    for (const now of [at(0, 0, 0), at(1000, 100, bytes)]) eta.observe(now);
    return eta.estimate(at(1000, 100, bytes));
  };

  // What was copied so far may have come faster: a rate is not held at once.
  test('bounds the time that the bytes left take', () => expect(left(100_000)).toBe(1_000_000));
  test('does not count for files that stay as they are', () => expect(left(0)).toBeCloseTo(10_000));
});

test('a run that was stopped for an hour goes on at its own pace', () => {
  const eta = new Eta();
  const found = { files: 1000, directories: 0, bytes: 1_000_000, complete: true };
  const at = (elapsedMs: number, settled: number) => {
    const workers = [{ index: 0, path: `${settled}`, done: 0, size: 0, silentMs: 0 }];
    return snapshot({ elapsedMs, found, settled, settledBytes: settled * 1000, workers });
  };
  const hour = 3_600_000;
  for (let n = 0; n <= 40; n++) eta.observe(at(n * 250, n * 10));
  for (let n = 41; n <= 44; n++) eta.observe(at(hour + n * 250, n * 10));
  expect(eta.estimate(at(hour + 44 * 250, 440))).toBeCloseTo(14_000, -3);
});

test('a hole of a terabyte does not make the data behind it a matter of no time', () => {
  const eta = new Eta();
  const [hole, data] = [1e12, 6e9];
  const found = { files: 1, directories: 0, bytes: hole + data, complete: true };
  const at = (elapsedMs: number, done: number) => {
    const workers = [{ index: 0, path: 'sparse', done, size: hole + data, silentMs: 0 }];
    return snapshot({ elapsedMs, found, settledBytes: done, workers });
  };
  eta.observe(at(0, 0));
  eta.observe(at(250, hole / 2));
  eta.observe(at(500, hole));
  // 100 MB a second.
  for (let ms = 750; ms <= 2000; ms += 250) eta.observe(at(ms, hole + (ms - 500) * 1e5));
  const left = eta.estimate(at(2000, hole + 1.5e8)) ?? 0;
  expect(left).toBeGreaterThan(50_000);
  expect(left).toBeLessThan(66_000);
});

test('a worker that has the disk for itself at the end is as fast as it is, not as it was', () => {
  const eta = new Eta();
  const found = { files: 2, directories: 0, bytes: 200_000_000, complete: true };
  const idle = { index: 0, path: '', done: 0, size: 0, silentMs: 0 };
  const workers = (a: number, b: number) => [
    a === 90_000_000 ? idle : { ...idle, path: 'a', done: a, size: 90_000_000 },
    { index: 1, path: 'b', done: b, size: 110_000_000, silentMs: 0 },
  ];
  // 10 KB a millisecond in all: shared at first, then for one alone.
  const done = (ms: number) =>
    ms <= 18_000 ? [ms * 5000, ms * 5000] : [90_000_000, 90_000_000 + (ms - 18_000) * 10_000];
  for (let ms = 0; ms <= 19_000; ms += 250) {
    const [a = 0, b = 0] = done(ms);
    eta.observe(
      snapshot({ elapsedMs: ms, found, settled: ms < 18_000 ? 0 : 1, settledBytes: a + b, workers: workers(a, b) }),
    );
  }
  const now = { found, settled: 1, settledBytes: 190_000_000_000, workers: workers(90_000_000, 100_000_000) };
  expect(eta.estimate(snapshot({ elapsedMs: 19_000, ...now }))).toBeLessThan(1500);
});

test('the file in the hands of one worker bounds the time left', () => {
  const worst = worstError({
    sizes: [...smallFiles(5000, 1), 2 ** 30],
    workers: 4,
    msPerFile: 1,
    msPerByte: 1e-5,
  });
  // Until the big file is in hand nobody can know that it is one file; once it is, the other three do not help.
  expect(worst).toBeLessThan(0.75);
  const eta = new Eta();
  let last = snapshot();
  for (const now of simulate({ sizes: [2 ** 28, 10, 10, 10], workers: 4, msPerFile: 1, msPerByte: 1e-4 })) {
    eta.observe(now);
    const left = eta.estimate(now);
    if (now.elapsedMs > 2000 && left !== null && now.found.files > now.settled) {
      expect(left).toBeGreaterThan((2 ** 28 - now.settledBytes) * 1e-4 * 0.9);
    }
    last = now;
  }
  expect(eta.estimate(last)).toBe(0);
});

test('says nothing while the listing goes on, nor before anything is done', () => {
  const eta = new Eta();
  const found = { files: 10, directories: 0, bytes: 1000, complete: true };
  expect(eta.estimate(snapshot({ found }))).toBeNull();
  for (const now of simulate({
    sizes: smallFiles(2000, 2),
    workers: 2,
    msPerFile: 1,
    msPerByte: 1e-5,
    listingMs: 500,
  })) {
    eta.observe(now);
    if (!now.found.complete) expect(eta.estimate(now)).toBeNull();
  }
});

test('without sizes, files to come are taken to be like those behind', () => {
  const eta = new Eta();
  for (const now of simulate({ sizes: Array(2000).fill(1000), workers: 2, msPerFile: 1, msPerByte: 1e-5 })) {
    const blind = { ...now, found: { ...now.found, bytes: null } };
    eta.observe(blind);
    const left = eta.estimate(blind);
    if (now.elapsedMs >= 400 && left !== null) expect(Math.abs(now.elapsedMs + left - 1010)).toBeLessThan(110);
  }
});

test('is a number of 0 or more whatever the run', () => {
  fc.assert(
    fc.property(
      fc.array(fc.nat(10_000_000), { minLength: 1, maxLength: 200 }),
      fc.integer({ min: 1, max: 8 }),
      fc.double({ min: 0.01, max: 100, noNaN: true }),
      (sizes, workers, msPerFile) => {
        const eta = new Eta();
        for (const now of simulate({ sizes, workers, msPerFile, msPerByte: 1e-5 })) {
          eta.observe(now);
          const left = eta.estimate(now) ?? 0;
          expect(Number.isFinite(left) && left >= 0).toBe(true);
        }
      },
    ),
    { numRuns: 50 },
  );
});
