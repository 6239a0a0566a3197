import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { LastReading } from '../../src/ui/last-reading.ts';
import { PlainReporter } from '../../src/ui/plain.ts';
import { following, progress, snapshot, summary } from './fixture/summaries.ts';

beforeEach(() => vi.useFakeTimers());
afterEach(() => vi.useRealTimers());

const found = { files: 10, directories: 1, bytes: 1000, complete: true };

function open() {
  const lines: string[] = [];
  const last = new LastReading();
  return { lines, plain: following(last, new PlainReporter((line) => lines.push(line), last)) };
}

test('a run shorter than five seconds says nothing', () => {
  const { lines, plain } = open();
  vi.advanceTimersByTime(4_900);
  plain.onEvent({ type: 'end', summary: summary() });
  vi.advanceTimersByTime(60_000);
  expect(lines).toEqual([]);
});

test('then a line each five seconds, with the clock going on though no news come', () => {
  const { lines, plain } = open();
  plain.onEvent(progress(snapshot({ elapsedMs: 0, found, settled: 5, settledBytes: 500 })));
  vi.advanceTimersByTime(15_000);
  expect(lines).toEqual(
    [5, 10, 15].map((s) =>
      expect.stringContaining(`50%, 5/10 files, 0.5/1.0 KiB, 0 B/s, 0:${String(s).padStart(2, '0')}`),
    ),
  );
  expect(lines.join()).not.toContain('\x1b');
  plain.close();
});

test('says what each of several machines does', () => {
  const { lines, plain } = open();
  const machine = (name: string) => ({ name, working: 2, entries: 1234, bytes: 2 << 20, silentMs: 0 });
  plain.onEvent(
    progress(snapshot({ elapsedMs: 1000, machines: Array.from({ length: 18 }, (_, i) => machine(`m\n${i}:7`)) })),
  );
  vi.advanceTimersByTime(5_000);
  expect(lines[1]).toBe('pcopy: machine m\\n0:7: 2 working, 1,234 entries, 2.0 MiB, 2.0 MiB/s');
  expect(lines.at(-1)).toBe('pcopy: and 2 more machines');
  expect(lines).toHaveLength(18);
  plain.close();
});

test('names a worker that is silent for long', () => {
  const { lines, plain } = open();
  const workers = [
    { index: 0, path: 'a\nb', done: 0, size: 10, silentMs: 6_000 },
    { index: 1, path: '', done: 0, size: 0, silentMs: 60_000 },
  ];
  plain.onEvent(progress(snapshot({ workers })));
  vi.advanceTimersByTime(5_000);
  expect(lines[1]).toBe('pcopy: worker 1 silent for 0:11 on a\\nb');
  expect(lines).toHaveLength(2);
  plain.close();
});
