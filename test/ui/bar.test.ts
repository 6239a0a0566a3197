import { hostname } from 'node:os';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { BarReporter } from '../../src/ui/bar.ts';
import { LastReading } from '../../src/ui/last-reading.ts';
import { Output } from '../../src/ui/output.ts';
import { ASCII } from '../../src/ui/progress-line.ts';
import { FakeStream } from './fixture/fake-stream.ts';
import { ending, following, progress, snapshot, summary } from './fixture/summaries.ts';
import { Terminal } from './fixture/terminal.ts';

const found = { files: 10, directories: 1, bytes: 1000, complete: true };
const worker = (index: number, path = `file-${index}`) => ({ index, path, done: 1, size: 2, silentMs: 0 });
const halfway = snapshot({ elapsedMs: 1000, found, settled: 5, settledBytes: 500, workers: [worker(0), worker(1)] });

function open(columns = 80, rows = 24) {
  const stream = new FakeStream({ isTTY: true, columns, rows });
  const last = new LastReading();
  return {
    stream,
    bar: following(last, new BarReporter(new Output(stream), ASCII, last)),
    screen: () => new Terminal(columns).feed(stream.text).screen,
  };
}

const frame = () => vi.advanceTimersByTime(200);

describe('on a terminal', () => {
  beforeEach(() => vi.useFakeTimers());
  afterEach(() => vi.useRealTimers());

  test('a line for the run and one for each worker, drawn in place', () => {
    const { bar, screen } = open();
    bar.onEvent(progress(halfway));
    for (let i = 0; i < 5; i++) frame();
    expect(screen()).toEqual([
      expect.stringMatching(/^ 50% \[=+-+\] {2}5\/10 files {2}0.5\/1.0 KiB/),
      '  1  50% file-0  2 B',
      '  2  50% file-1  2 B',
    ]);
    bar.close();
  });

  test('what the shell has written while the run was stopped stays', () => {
    const { bar, screen, stream } = open();
    bar.onEvent(progress(halfway));
    frame();
    stream.write('\n\n[1]+ Stopped\n$ fg\n');
    const later = performance.now() + 5000;
    const clock = vi.spyOn(performance, 'now').mockReturnValue(later);
    vi.advanceTimersByTime(100);
    clock.mockRestore();
    process.emit('SIGCONT', 'SIGCONT');
    frame();
    expect(screen()).toContain('$ fg');
    expect(screen().at(-1)).toBe('  2  50% file-1  2 B');
    bar.close();
    expect(process.listenerCount('SIGCONT')).toBe(0);
  });

  test('ends at 100 % with the workers gone and nothing left behind', () => {
    const { bar, screen, stream } = open();
    bar.onEvent(progress(halfway));
    frame();
    for (const event of ending(summary(), halfway)) bar.onEvent(event);
    bar.print('after');
    vi.runAllTimers();
    expect(screen()).toEqual([expect.stringMatching(/^100% \[=+\] {2}10\/10 files/), 'after']);
    expect(stream.text).not.toMatch(/\x1b\[\?/);
    expect(vi.getTimerCount()).toBe(0);
  });

  test('a frame never erases the whole screen, which tmux would keep each time', () => {
    const { bar, stream } = open();
    for (let i = 0; i < 3; i++) {
      bar.onEvent(progress({ ...halfway, elapsedMs: 1000 + i }));
      frame();
    }
    expect(stream.text).toContain('\x1b[J');
    for (const text of stream.text.split('\x1b[J').slice(0, -1)) expect(text).toMatch(/\/1.0 KiB[^\r\n]*$/);
    bar.close();
  });

  test('never says 100 % before the end', () => {
    const { bar, screen } = open();
    bar.onEvent(progress({ ...halfway, settled: 10, settledBytes: 1000 }));
    frame();
    expect(screen()[0]).toMatch(/^ 99%/);
    bar.close();
  });

  test('messages go above, each once, and stay', () => {
    const { bar, screen } = open();
    bar.onEvent(progress(halfway));
    for (let i = 0; i < 3; i++) {
      bar.print(`message ${i}, longer than the line of a worker that stood there before it`);
      bar.print(`and ${i} more`);
      frame();
    }
    bar.onEvent({ type: 'end', summary: summary({ outcome: 'incomplete' }) });
    vi.runAllTimers();
    const lines = screen();
    expect(lines).toHaveLength(7);
    expect(lines.slice(0, 6)).toEqual(
      [0, 1, 2].flatMap((i) => [expect.stringMatching(`^message ${i},`), `and ${i} more`]),
    );
  });

  test('is there before the run knows anything', () => {
    const { bar, screen } = open();
    vi.advanceTimersByTime(3000);
    expect(screen()).toEqual([expect.stringMatching(/^ --% \[.*<=>.*\] {2}0\/0\+ files .* 0:03 {2}listing$/)]);
    bar.close();
  });

  test('a refused run leaves no bar', () => {
    const { bar, screen } = open();
    frame();
    bar.onEvent({ type: 'end', summary: summary({ outcome: 'refused' }) });
    bar.print('refused');
    vi.runAllTimers();
    expect(screen()).toEqual(['refused']);
  });

  test('an interrupted run keeps the percentage it had', () => {
    const { bar, screen } = open();
    bar.onEvent(progress(halfway));
    frame();
    bar.onEvent({ type: 'end', summary: summary({ outcome: 'interrupted' }) });
    vi.runAllTimers();
    expect(screen()).toEqual([expect.stringMatching(/^ 50%/)]);
  });

  test('a window that became narrower folds the lines, and they are still found', () => {
    const { bar, stream, screen } = open(80);
    bar.onEvent(progress(halfway));
    frame();
    stream.columns = 30;
    // A terminal folds what stands on it, as if it had been written at this width.
    const narrow = new Terminal(30).feed(`${screen().join('\n')}\r`);
    const before = stream.text.length;
    frame();
    expect(narrow.feed(stream.text.slice(before)).screen).toEqual([
      expect.stringMatching(/^ 50% /),
      '  1  50% file-0',
      '  2  50% file-1',
    ]);
    bar.close();
  });

  test('a ^C that the terminal shows does not move the lines', () => {
    const { bar, stream } = open(40);
    const long = { ...halfway, workers: [worker(0, 'a path as long as the line is wide, and longer')] };
    bar.onEvent(progress(long));
    frame();
    const terminal = new Terminal(40).feed(stream.text).feed('^C');
    const before = stream.text.length;
    frame();
    expect(terminal.feed(stream.text.slice(before)).screen).toHaveLength(2);
    bar.close();
  });

  test('more workers than rows are counted, not drawn', () => {
    const { bar, screen } = open(80, 6);
    const workers = Array.from({ length: 12 }, (_, i) => worker(i, i < 4 ? '' : `file-${i}`));
    bar.onEvent(progress({ ...halfway, workers }));
    frame();
    expect(screen().slice(1)).toEqual([
      '  5  50% file-4  2 B',
      '  6  50% file-5  2 B',
      '  7  50% file-6  2 B',
      '    and 9 more workers',
    ]);
    bar.close();
  });

  const machine = (name: string, working = 2) => ({ name, working, entries: 1234, bytes: 2 << 20, silentMs: 0 });

  test('several machines have a line each, above their workers, with printable names', () => {
    const { bar, screen } = open();
    const machines = [
      machine(`${hostname()}:${process.pid}`, 0),
      machine('b\x1b[2J:7'),
      { ...machine('c:8'), silentMs: 20_000 },
    ];
    bar.onEvent(progress({ ...halfway, machines }));
    frame();
    const lines = screen();
    expect(lines).toHaveLength(6);
    expect(lines[1]).toMatch(/^ {2}\S.* \(here\) +0 working +1,234 entries +2.0 MiB +2.0 MiB\/s$/);
    expect(lines[2]).toMatch(/^ {2}b\\e\[2J:7 +2 working +1,234 entries +2.0 MiB +2.0 MiB\/s$/);
    expect(lines[3]).toMatch(/^ {2}\S.* 2 working .* silent for 0:20$/);
    expect(lines[4]).toBe('  1  50% file-0  2 B');
    bar.close();
  });

  test('machines come before workers where there is no room for all', () => {
    const { bar, stream, screen } = open(80, 7);
    const machines = [machine('a:1'), machine('b:2', 0), machine('c:3'), machine('d:4')];
    bar.onEvent(progress({ ...halfway, machines }));
    frame();
    expect(screen().slice(1)).toEqual(
      [...'abcd'].map((name) => expect.stringMatching(`^  ${name}:`)).concat('    and 2 more workers'),
    );
    stream.rows = 5;
    frame();
    expect(screen().slice(1)).toEqual([
      expect.stringMatching(/^ {2}a:1 /),
      expect.stringMatching(/^ {2}c:3 /),
      '    and 2 more machines',
    ]);
    bar.close();
  });

  test('workers that go make room', () => {
    const { bar, screen } = open();
    bar.onEvent(progress({ ...halfway, workers: [0, 1, 2, 3].map((i) => worker(i)) }));
    frame();
    bar.onEvent(progress({ ...halfway, workers: [worker(0)] }));
    for (let i = 0; i < 5; i++) frame();
    expect(screen()).toHaveLength(2);
    bar.close();
  });

  test('a terminal that takes nothing costs frames, not messages', () => {
    const { bar, stream, screen } = open();
    bar.onEvent(progress(halfway));
    stream.paused = true;
    for (let i = 0; i < 100; i++) frame();
    expect(stream.writes).toBeLessThan(3);
    bar.print('message');
    frame();
    stream.resume();
    frame();
    expect(screen()[0]).toBe('message');
    expect(screen()).toHaveLength(4);
    bar.close();
  });

  test('a terminal that is gone ends nothing', async () => {
    const { bar, stream } = open();
    stream.breakWith = 'EIO';
    bar.onEvent(progress(halfway));
    frame();
    await vi.runOnlyPendingTimersAsync();
    bar.print('message');
    bar.onEvent({ type: 'end', summary: summary() });
    expect(vi.getTimerCount()).toBe(0);
  });
});
