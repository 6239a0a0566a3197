import { afterEach, expect, test, vi } from 'vitest';
import { countEntries } from '../../src/protocol/entries-job.ts';
import { Batches } from '../../src/scan/batches.ts';
import { Latency } from '../../src/scan/latency.ts';
import type { ScanListener, ScanOptions } from '../../src/scan/scan.ts';

afterEach(() => vi.restoreAllMocks());

test('a batch that is not full is sent when the listing is slow, not when workers had enough to do', async () => {
  const now = vi.spyOn(performance, 'now').mockReturnValue(0);
  const sent: number[] = [];
  const put = async (job: Parameters<ScanListener['put']>[0]): Promise<void> => {
    sent.push(countEntries(job));
    now.mockReturnValue(1000);
  };
  const options = { special: true, sizes: false, minSize: 0, maxSize: 1, latency: new Latency() } as ScanOptions;
  const found = { files: 0, directories: 0, bytes: null, complete: false };
  const listener: ScanListener = { put, failed: () => {}, skipped: () => {}, cancelled: () => false };
  const batches = new Batches(options, found, listener);
  for (let file = 0; file < 300; file++) batches.add('', `${file}`, 'f', null);
  await batches.room();
  await batches.room();
  expect(sent).toEqual([256]);
  now.mockReturnValue(1011);
  await batches.room();
  expect(sent).toEqual([256, 44]);
});
