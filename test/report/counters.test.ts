import { expect, test } from 'vitest';
import { Tally } from '../../src/report/counters.ts';

test('the listing waits with several jobs at once, and the time counts once', () => {
  const tally = new Tally(false, null, 0);
  tally.listingWaits(100);
  tally.listingWaits(100);
  tally.listingWaits(200);
  tally.listingGoesOn(300);
  tally.listingGoesOn(300);
  tally.listingGoesOn(350);
  tally.listingWaits(600);
  tally.listingGoesOn(650);
  expect(tally.load(1000).listingWaited).toBeCloseTo(0.3);
});

test('a listing that still waits when the run ends has waited until then', () => {
  const tally = new Tally(false, null, 0);
  tally.listingWaits(400);
  expect(tally.load(1000).listingWaited).toBeCloseTo(0.6);
});
