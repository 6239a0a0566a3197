import { expect, test } from 'vitest';
import { advice } from '../../src/ui/advice.ts';

const load = (workers: number[], listingWaited: number) => ({ workers, listingWaited, stalled: 0 });

test.each([
  ['the workers set the pace', load([0.95, 0.97], 0.8), '2 workers, 96% busy: they set the pace; -j 4 may be faster'],
  [
    'no more than a CPU each',
    load(Array(5).fill(1), 0.8),
    '5 workers, 100% busy: they set the pace; -j 8 may be faster',
  ],
  [
    'there is one for each CPU',
    load(Array(8).fill(1), 0.8),
    '8 workers, 100% busy: they set the pace; -j 16 may be faster if the disk is slow',
  ],
  [
    'the listing does',
    load([0.3, 0.3, 0.3, 0.3], 0),
    '4 workers, 30% busy: the listing set the pace; -j 2 would do as well',
  ],
  [
    'there was one big file',
    load([1, 0, 0, 0], 0.3),
    '4 workers, 25% busy: there was not enough work for all; -j 2 would do as well',
  ],
  ['it fits', load([0.8, 0.8], 0.4), '2 workers, 80% busy: -j 2 fits'],
  ['one cannot be fewer', load([0.2], 0), '1 worker, 20% busy: -j 1 fits'],
  ['no more than 64', load(Array(64).fill(1), 1), '64 workers, 100% busy: -j 64 fits'],
])('%s', (_name, given, expected) => expect(advice(given, 10_000, 8)).toBe(expected));

test.each([
  ['grew', { first: 2, last: 32, most: 32 }, [1], 1, 'auto: 2 to 32 workers, since more made it faster'],
  ['went back', { first: 2, last: 2, most: 16 }, [1], 1, 'auto: 2 workers; 16 were no faster'],
  [
    'tried none',
    { first: 2, last: 2, most: 2 },
    [1, 0.9],
    1,
    'auto: 2 workers, 95% busy: they did not wait for the storage',
  ],
  ['had too few jobs', { first: 4, last: 4, most: 4 }, [0.2], 0, 'auto: 4 workers, 20% busy: the listing set the pace'],
  [
    'had one big file',
    { first: 2, last: 2, most: 2 },
    [1, 0],
    0.5,
    'auto: 2 workers, 50% busy: there was not enough work for more',
  ],
])('auto %s', (_name, auto, workers, listingWaited, expected) =>
  expect(advice({ ...load(workers, listingWaited), auto }, 10_000)).toBe(expected),
);

test('a short run, and one without workers, say nothing', () => {
  expect(advice(load([1, 1], 1), 9_999)).toBeUndefined();
  expect(advice(load([], 0), 10_000)).toBeUndefined();
});
