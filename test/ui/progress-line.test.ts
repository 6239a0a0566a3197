import { describe, expect, test } from 'vitest';
import type { Reading, WorkerView } from '../../src/api/events.ts';
import { fromText } from '../../src/api/names.ts';
import { ASCII, BLOCKS, glyphsFor, logLine, overallLine, workerLine } from '../../src/ui/progress-line.ts';
import { width } from '../../src/ui/width.ts';

const reading: Reading = {
  fraction: 0.42,
  percent: 42,
  growing: false,
  files: 21_000,
  filesTotal: 50_000,
  bytes: 1.2 * 2 ** 30,
  bytesTotal: 3.4 * 2 ** 30,
  failed: 0,
  bytesPerSecond: 512 * 2 ** 20,
  elapsedMs: 12_000,
  etaMs: 18_000,
  stalledMs: 0,
  ended: false,
};

describe('the line of the run', () => {
  test('holds everything at 80 columns', () => {
    expect(overallLine(reading, 79, ASCII)).toBe(
      ' 42% [====-------]  21,000/50,000 files  1.2/3.4 GiB  512 MiB/s  0:12  ETA 0:18',
    );
  });

  test('moves together before it leaves out', () => {
    const line = overallLine({ ...reading, failed: 12 }, 81, ASCII);
    expect(line).toBe(' 42% [===-----] 21,000/50,000 files 1.2/3.4 GiB 512 MiB/s 0:12 ETA 0:18 12 failed');
  });

  test('keeps bytes and time left at 40 columns', () => {
    expect(overallLine(reading, 39, ASCII)).toBe(' 42% [====-------] 1.2/3.4 GiB ETA 0:18');
  });

  test('marks totals that still grow, and shows no percentage of them', () => {
    const line = overallLine({ ...reading, fraction: null, growing: true, etaMs: null }, 79, ASCII);
    expect(line).toMatch(/^ --% \[ *<=> *\] +21,000\/50,000\+ files +1.2\/3.4\+ GiB .* listing$/);
  });

  test('shows no ETA at the end', () => {
    const line = overallLine({ ...reading, fraction: 1, etaMs: null, ended: true }, 79, BLOCKS);
    expect(line).toMatch(/^100% \[█+\]/);
    expect(line).not.toContain('ETA');
  });

  test('fits any width', () => {
    for (let cells = 1; cells < 200; cells++) {
      for (const fraction of [null, 0, 0.5, 1]) {
        const line = overallLine({ ...reading, fraction, growing: fraction === null, failed: 3 }, cells, BLOCKS);
        expect(width(line)).toBeLessThanOrEqual(cells);
      }
    }
  });
});

describe('a worker', () => {
  const worker: WorkerView = { index: 0, path: 'dir/file.bin', done: 512, size: 1024, silentMs: 0 };

  test('shows its file, how far it is and how large', () => {
    expect(workerLine(worker, 79, ASCII)).toBe('  1  50% dir/file.bin  1.0 KiB');
  });

  test('idle', () => expect(workerLine({ ...worker, path: '', size: 0 }, 79, ASCII)).toBe('  1 idle'));

  test('silent for long', () => {
    expect(workerLine({ ...worker, silentMs: 65_000 }, 79, ASCII)).toContain('silent for 1:05');
  });

  test('escapes what would act on the terminal, and keeps to one line', () => {
    const line = workerLine({ ...worker, path: fromText('a\nb\x1b[2J写') }, 79, ASCII);
    expect(line).toContain('a\\nb\\e[2J写');
  });

  test('fits any width, with any name', () => {
    for (let cells = 1; cells < 120; cells++) {
      const line = workerLine({ ...worker, path: fromText(`写真/${'长'.repeat(50)}`) }, cells, BLOCKS);
      expect(width(line)).toBeLessThanOrEqual(cells);
    }
  });
});

test('the same in a log', () => {
  expect(logLine({ ...reading, failed: 2 })).toBe(
    '42%, 21,000/50,000 files, 1.2/3.4 GiB, 512 MiB/s, 0:12 elapsed, ETA 0:18, 2 failed',
  );
  expect(logLine({ ...reading, fraction: null, growing: true, bytesTotal: null, etaMs: null })).toBe(
    'listing, 21,000/50,000+ files, 1.2 GiB, 512 MiB/s, 0:12 elapsed',
  );
});

test('blocks only where the locale says UTF-8', () => {
  expect(glyphsFor({ LANG: 'en_GB.UTF-8' })).toBe(BLOCKS);
  expect(glyphsFor({ LANG: 'en_GB.UTF-8', LC_ALL: 'C' })).toBe(ASCII);
  expect(glyphsFor({})).toBe(ASCII);
});
