import { EventEmitter } from 'node:events';
import { describe, expect, test, vi } from 'vitest';
import { UsageError } from '../../src/api/errors.ts';
import type { CopyOptions } from '../../src/api/options.ts';
import { type CopyTree, type Io, run } from '../../src/cli/run.ts';
import { type Fake, fakeEngine } from '../ui/fixture/fake-engine.ts';
import { FakeStream } from '../ui/fixture/fake-stream.ts';

const SMALL: Fake = { sizes: Array(40).fill(1000), workers: 2, msPerFile: 5, msPerByte: 1e-5 };

function command(args: string[], changes: Partial<Io> = {}) {
  const stdout = new FakeStream();
  const stderr = new FakeStream();
  const signals = new EventEmitter();
  const exit = vi.fn();
  const stdin = async function* () {};
  const io: Io = { argv: ['node', 'pcopy', ...args], env: {}, stdin, stdout, stderr, signals, exit, ...changes };
  return { io, stdout, stderr, signals, exit, with: (engine: CopyTree) => run(io, async () => engine) };
}

const notReached: CopyTree = async () => {
  throw new Error('the engine was called');
};

describe('without a copy', () => {
  test.each([['--help'], ['-V'], ['completion', 'bash']])('%s prints on stdout', async (...args) => {
    const pcopy = command(args);
    expect(await pcopy.with(notReached)).toBe(0);
    expect(pcopy.stdout.text).not.toBe('');
    expect(pcopy.stderr.text).toBe('');
  });

  test('what cannot be printed is a failure', async () => {
    const pcopy = command(['--help']);
    pcopy.stdout.breakWith = 'ENOSPC';
    expect(await pcopy.with(notReached)).toBe(1);
    expect(pcopy.stderr.text).toMatch(/^pcopy: standard output: .*\(ENOSPC\)/);
  });

  test('bad usage', async () => {
    const pcopy = command(['a', 'b', '-j', '-1']);
    expect(await pcopy.with(notReached)).toBe(2);
    expect(pcopy.stderr.text).toBe(
      "pcopy: option '-j, --jobs <n>' argument '-1' is invalid. It takes auto or a whole number from 1 to 64; 0 only with a broker.\nTry 'pcopy --help'.\n",
    );
    expect(pcopy.stdout.text).toBe('');
  });

  test.each([[['--progress', 'json']], [['--progress=json']]])('bad usage with %j ends with an end', async (args) => {
    const pcopy = command(['a', 'b', ...args, '-j', '-1']);
    expect(await pcopy.with(notReached)).toBe(2);
    expect(JSON.parse(pcopy.stdout.text)).toMatchObject({ type: 'end', exitCode: 2, outcome: 'refused' });
  });
});

describe('a copy', () => {
  test('hands paths and options to the engine, byte for byte', async () => {
    let given: { source: string; destination: string; options: CopyOptions } | undefined;
    const engine: CopyTree = (source, destination, options, hooks) => {
      given = {
        source: Buffer.concat([source].flat()).toString('latin1'),
        destination: Buffer.from(destination).toString('latin1'),
        options,
      };
      return fakeEngine(SMALL)(source, destination, options, hooks);
    };
    const pcopy = command(['é', '-j3', 'dest', '--exclude', '*.o']);
    expect(await pcopy.with(engine)).toBe(0);
    expect(given).toEqual({
      source: '\xc3\xa9',
      destination: 'dest',
      options: { jobs: 3, exclude: ['*.o'], sizes: 2000 },
    });
  });

  test('is silent on stdout and says its summary on stderr', async () => {
    const pcopy = command(['src', 'dest']);
    expect(await pcopy.with(fakeEngine(SMALL))).toBe(0);
    expect(pcopy.stdout.text).toBe('');
    expect(pcopy.stderr.lines[0]).toBe('pcopy: src/pipe: skipped: a FIFO; -a copies it');
    expect(pcopy.stderr.lines[1]).toMatch(/^pcopy: copied 40 files; /);
  });

  test('quiet says nothing at all', async () => {
    const pcopy = command(['src', 'dest', '-q']);
    expect(await pcopy.with(fakeEngine(SMALL))).toBe(0);
    expect(pcopy.stdout.text + pcopy.stderr.text).toBe('');
  });

  test('quiet still names what failed', async () => {
    const pcopy = command(['src', 'dest', '-q']);
    expect(await pcopy.with(fakeEngine({ ...SMALL, failures: 2 }))).toBe(1);
    expect(pcopy.stderr.lines).toHaveLength(2);
  });

  test('verbose prints a line for each entry on stdout', async () => {
    const pcopy = command(['src', 'dest', '-v']);
    expect(await pcopy.with(fakeEngine(SMALL))).toBe(0);
    expect(pcopy.stdout.lines).toHaveLength(40);
    expect(pcopy.stdout.lines[0]).toBe('src/dir0/file-0.dat -> dest/dir0/file-0.dat');
  });

  test('a long run ends with advice, not where --bwlimit sets the pace', async () => {
    const long: Fake = { ...SMALL, msPerFile: 1_000 };
    const free = command(['src', 'dest']);
    await free.with(fakeEngine(long));
    expect(free.stderr.text).toContain('2 workers, 95% busy');
    const limited = command(['src', 'dest', '--bwlimit', '1M']);
    await limited.with(fakeEngine(long));
    expect(limited.stderr.text).not.toContain('busy');
  });

  test('a refused run says why', async () => {
    const pcopy = command(['src', 'dest']);
    expect(await pcopy.with(fakeEngine({ ...SMALL, refuse: true }))).toBe(3);
    expect(pcopy.stderr.lines).toEqual([
      'pcopy: src: no such file or directory (ENOENT)',
      'pcopy: refused: nothing was written',
    ]);
  });

  test('on a terminal there is a bar, and lines go above it', async () => {
    const stderr = new FakeStream({ isTTY: true });
    const stdout = new FakeStream({ isTTY: true });
    const pcopy = command(['src', 'dest', '-v'], { stderr, stdout });
    expect(await pcopy.with(fakeEngine(SMALL))).toBe(0);
    expect(stderr.text).toMatch(/100% \[=+\]/);
    expect(stderr.text).toContain('src/dir0/file-0.dat -> dest/dir0/file-0.dat\n');
    expect(stdout.text).toBe('');
  });
});

describe('JSON', () => {
  test('begins with start, ends with end, and nothing else is on stdout', async () => {
    const pcopy = command(['src', 'dest', '--progress=json', '-v']);
    expect(await pcopy.with(fakeEngine({ ...SMALL, failures: 1 }))).toBe(1);
    const events = pcopy.stdout.lines.map((line) => JSON.parse(line));
    expect(events[0].type).toBe('start');
    expect(events.filter(({ type }) => type === 'file')).toHaveLength(40);
    expect(events.at(-1)).toMatchObject({ type: 'end', exitCode: 1 });
    expect(pcopy.stderr.text).not.toContain('copied');
  });

  test('ends with end also when the run is refused, or breaks', async () => {
    const refused = command(['src', 'dest', '--progress=json']);
    expect(await refused.with(fakeEngine({ ...SMALL, refuse: true }))).toBe(3);
    expect(JSON.parse(refused.stdout.lines.at(-1) ?? '')).toMatchObject({
      type: 'end',
      exitCode: 3,
      outcome: 'refused',
    });
    const broken = command(['src', 'dest', '--progress=json']);
    expect(await broken.with(notReached)).toBe(4);
    expect(JSON.parse(broken.stdout.lines.at(-1) ?? '')).toMatchObject({
      type: 'end',
      exitCode: 4,
      outcome: 'stopped',
    });
  });
});

describe('errors of the engine', () => {
  test('bad usage that only it can see', async () => {
    const pcopy = command(['src', 'dest']);
    const code = await pcopy.with(async () => {
      throw new UsageError('these two options do not go together');
    });
    expect(code).toBe(2);
    expect(pcopy.stderr.lines).toEqual(['pcopy: these two options do not go together', "Try 'pcopy --help'."]);
  });

  test('one that nobody expected', async () => {
    const pcopy = command(['src', 'dest']);
    expect(await pcopy.with(notReached)).toBe(4);
    expect(pcopy.stderr.lines[0]).toBe('pcopy: unexpected error, please report it');
    expect(pcopy.stderr.lines[1]).toBe('Error: the engine was called');
  });
});

describe('signals', () => {
  /** Runs until it is told to end. */
  const patient: CopyTree = async (source, destination, options, hooks) => {
    await new Promise((resolve) => hooks.signal.addEventListener('abort', resolve));
    return fakeEngine(SMALL)(source, destination, options, hooks);
  };

  test.each([
    ['SIGINT', 130],
    ['SIGTERM', 143],
    ['SIGHUP', 129],
  ])('%s ends the run in good order', async (signal, code) => {
    const pcopy = command(['src', 'dest', '--progress=json']);
    const ended = pcopy.with(patient);
    await vi.waitFor(() => expect(pcopy.signals.listenerCount(signal)).toBe(1), 20_000);
    await new Promise((resolve) => setImmediate(resolve));
    pcopy.signals.emit(signal);
    expect(await ended).toBe(code);
    expect(JSON.parse(pcopy.stdout.lines.at(-1) ?? '')).toMatchObject({
      type: 'end',
      exitCode: code,
      outcome: 'interrupted',
    });
    expect(pcopy.stderr.text).toContain(`pcopy: ${signal}: ending; once more to end at once`);
    expect(pcopy.exit).not.toHaveBeenCalled();
  });

  test('the second one ends the process', async () => {
    const pcopy = command(['src', 'dest']);
    const ended = pcopy.with(patient);
    await vi.waitFor(() => expect(pcopy.signals.listenerCount('SIGINT')).toBe(1), 20_000);
    pcopy.signals.emit('SIGINT');
    expect(pcopy.exit).not.toHaveBeenCalled();
    pcopy.signals.emit('SIGTERM');
    expect(pcopy.exit).toHaveBeenCalledWith(143);
    await ended;
  });
});

describe('stdout', () => {
  test('that breaks does not end the copy, and makes its success a failure', async () => {
    const pcopy = command(['src', 'dest', '-v']);
    pcopy.stdout.breakWith = 'EPIPE';
    expect(await pcopy.with(fakeEngine(SMALL))).toBe(1);
    expect(pcopy.stderr.text).toContain('copied 40 files');
    expect(pcopy.stderr.text).toContain('standard output: its reader is gone (EPIPE); not all of it was written');
  });

  test('that is not read holds the run back, until it is read', async () => {
    const pcopy = command(['src', 'dest', '-v']);
    pcopy.stdout.paused = true;
    const many: Fake = { ...SMALL, sizes: Array(30_000).fill(10), msPerFile: 1 };
    let done = false;
    const ended = pcopy.with(fakeEngine(many)).finally(() => {
      done = true;
    });
    await vi.waitFor(() => expect(pcopy.stdout.writableLength).toBeGreaterThan(1 << 20), 20_000);
    expect(done).toBe(false);
    expect(pcopy.stdout.writableLength).toBeLessThan(2 << 20);
    pcopy.stdout.resume();
    expect(await ended).toBe(0);
    expect(pcopy.stdout.lines).toHaveLength(30_000);
  });

  test('or stderr that is not read does not keep a run from ending that a signal ends', async () => {
    const endWith = async (name: 'stdout' | 'stderr') => {
      const pcopy = command(['src', 'dest', '-v']);
      pcopy[name].paused = true;
      const ended = pcopy.with(fakeEngine({ ...SMALL, sizes: Array(30_000).fill(10), msPerFile: 1, failures: 20_000 }));
      await vi.waitFor(() => expect(pcopy[name].writableLength).toBeGreaterThan(1 << 20), 20_000);
      pcopy.signals.emit('SIGTERM');
      expect(await ended).toBe(143);
      expect(pcopy[name].writableLength).toBeGreaterThan(1 << 20);
    };
    await Promise.all([endWith('stdout'), endWith('stderr')]);
  });

  test('that is not read is waited for when all is copied, until a signal', async () => {
    const pcopy = command(['src', 'dest', '-v']);
    pcopy.stdout.paused = true;
    const ended = pcopy.with(fakeEngine(SMALL));
    await vi.waitFor(() => expect(pcopy.stderr.text).toContain('copied'), 20_000);
    expect(pcopy.exit).not.toHaveBeenCalled();
    pcopy.signals.emit('SIGTERM');
    expect(pcopy.exit).toHaveBeenCalledWith(143);
    pcopy.stdout.resume();
    expect(await ended).toBe(0);
  });
});

test('a broken stderr changes nothing', async () => {
  const pcopy = command(['src', 'dest']);
  pcopy.stderr.breakWith = 'EPIPE';
  expect(await pcopy.with(fakeEngine(SMALL))).toBe(0);
});
