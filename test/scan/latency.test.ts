import { expect, test } from 'vitest';
import { Latency } from '../../src/scan/latency.ts';

/** Observes directories of ten entries. @param busy share of the time that the parent is on a processor, or waits for one */
function judge(busy: number, directories: readonly number[]): boolean {
  let processorMs = 0;
  const latency = new Latency(false, () => processorMs);
  for (const ms of directories) {
    processorMs += busy * ms;
    latency.observe(ms, 10);
  }
  return latency.isLate;
}

test('four slow directories in a row are late storage', () => {
  expect(judge(0.1, [0.1, 4, 4, 4, 4])).toBe(true);
  expect(judge(0.1, [4, 4, 4, 0.1, 4, 4, 4])).toBe(false);
});

test('a machine whose processors are busy is not', () => {
  expect(judge(0.9, [4, 4, 4, 4, 4, 4, 4, 4, 4])).toBe(false);
});
