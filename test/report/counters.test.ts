import { expect, test } from 'vitest';
import { Counters } from '../../src/report/counters.ts';

test('the listing waits with several jobs at once, and the time counts once', () => {
  const counters = new Counters(false, null, 0);
  counters.listingWaits(100);
  counters.listingWaits(100);
  counters.listingWaits(200);
  counters.listingGoesOn(300);
  counters.listingGoesOn(300);
  counters.listingGoesOn(350);
  counters.listingWaits(600);
  counters.listingGoesOn(650);
  expect(counters.load(1000).listingWaited).toBeCloseTo(0.3);
});

test('a listing that still waits when the run ends has waited until then', () => {
  const counters = new Counters(false, null, 0);
  counters.listingWaits(400);
  expect(counters.load(1000).listingWaited).toBeCloseTo(0.6);
});
