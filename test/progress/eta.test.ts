import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { Eta } from '../../src/progress/eta.ts';
import { random, type Scenario, simulate } from './fixture/simulation.ts';
import { snapshot } from './fixture/summaries.ts';

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
