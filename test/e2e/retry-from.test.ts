import {
  chmodSync,
  chownSync,
  existsSync,
  readdirSync,
  readFileSync,
  rmSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { expect, test } from 'vitest';
import { inside } from '../support/bytes.ts';
import { expectSame, survey } from '../support/compare.ts';
import { needs } from '../support/needs.ts';
import { copy, type Driver, expectExit, ORDINARY, overBothDrivers, pcopy, type RunOptions } from '../support/run.ts';
import { failing } from '../support/strace.ts';
import { temp } from '../support/temp.ts';
import { directory, file, plant } from '../support/tree.ts';
import { timesOf } from './precision.ts';

/** Runs a copy, keeps its events in a file, and returns that. */
async function logged(top: string, args: string[], code: number, options: RunOptions): Promise<string> {
  const { stdout } = expectExit(await pcopy(['--progress', 'json', ...args], { cwd: top, ...options }), code);
  writeFileSync(`${top}/events.jsonl`, stdout);
  return stdout;
}

const names = (top: string) => [...survey(top).keys()].filter((path) => path !== '').sort();

/** A tree of which somebody without privileges cannot read all, and where that somebody may write. */
const CLOSED = ['a/closed file', 'bad \xff name', 'closed directory', 'deep/er/closed'];
function plantClosed(top: string): void {
  plant(`${top}/src`, {
    'a/closed file': file('1', { mode: 0o600 }),
    'a/fine': file('fine'),
    'bad \xff name': file('2', { mode: 0o600 }),
    'closed directory/x/y': file('3'),
    'closed directory': directory({ mode: 0o700 }),
    'deep/er/closed': file('4', { mode: 0o600 }),
    'deep/fine': file('fine'),
    deep: directory({ mode: 0o750, mtime: 1_000_000_000_000_000_000n, ...ORDINARY }),
  });
  plant(`${top}/out`, { '': directory(ORDINARY) });
}
function openAll(top: string): void {
  for (const path of CLOSED) chownSync(inside(`${top}/src`, path), ORDINARY.uid, ORDINARY.gid);
}

overBothDrivers((driver) => {
  needs('root')('just what failed is copied again: files, odd names, a directory with all below it', async () => {
    const top = temp();
    plantClosed(top);
    const options = { driver, user: ORDINARY };
    await logged(top, ['src', 'out/dst'], 1, options);
    openAll(top);
    rmSync(`${top}/out/dst/a/fine`);
    const again = await copy(['--retry-from', 'events.jsonl', 'src', 'out/dst', '-v'], { cwd: top, ...options });
    const lines = again.stdout.trimEnd().split('\n').sort();
    expect(lines).toEqual([
      'src/a/closed file -> out/dst/a/closed file',
      'src/bad \\xff name -> out/dst/bad \\xff name',
      'src/closed directory -> out/dst/closed directory (unchanged)',
      'src/closed directory/x -> out/dst/closed directory/x',
      'src/closed directory/x/y -> out/dst/closed directory/x/y',
      'src/deep/er/closed -> out/dst/deep/er/closed',
    ]);
    expect(again.stderr).toMatch(/^pcopy: copied 4 files/m);
    expect(existsSync(`${top}/out/dst/a/fine`)).toBe(false);
    plant(`${top}/out/dst`, { 'a/fine': file('fine') });
    expectSame(`${top}/src`, `${top}/out/dst`, { times: 'ignore' });
    // The same from standard input, into nothing: the parents come along, with their modes and times.
    rmSync(`${top}/out/dst`, { recursive: true });
    await copy(['--retry-from', '-', 'src', 'out/dst'], {
      cwd: top,
      ...options,
      stdin: readFileSync(`${top}/events.jsonl`),
    });
    const [there, source] = [survey(`${top}/out/dst`), survey(`${top}/src`)];
    expect(there.get('deep')).toMatchObject({ mode: 0o750, mtime: source.get('deep')?.mtime });
    expect(names(`${top}/out/dst`)).toEqual(
      ['a', 'bad \xff name', 'a/closed file', 'closed directory', 'closed directory/x', 'closed directory/x/y', 'deep']
        .concat(['deep/er', 'deep/er/closed'])
        .sort(),
    );
  });

  test('filters that leave nothing of what failed are worth a warning, with --strict a failure', async () => {
    const top = temp();
    plant(top, { 'src/a': file('a'), 'dst/a/kept': file() });
    await logged(top, ['src', 'dst'], 1, { driver });
    const args = ['--retry-from', 'events.jsonl', '--exclude', 'a', 'src', 'dst'];
    expect((await copy(args, { driver, cwd: top })).stderr).toContain('there is nothing to copy (EPCOPY_EMPTY)');
    expectExit(await pcopy([...args, '--strict'], { driver, cwd: top }), 1);
  });

  needs('root')('filters keep their say, and what still fails is named again', async () => {
    const top = temp();
    plantClosed(top);
    const options = { driver, cwd: top, user: ORDINARY };
    await logged(top, ['src', 'out/dst'], 1, options);
    openAll(top);
    chownSync(`${top}/src/a/closed file`, 0, 0);
    const args = ['--retry-from', 'events.jsonl', '--exclude', '**/y', '--exclude', 'bad*', 'src', 'out/dst'];
    const { stderr } = expectExit(await pcopy(args, options), 1);
    expect(stderr).toMatch(/^pcopy: src\/a\/closed file: .+ \(EACCES\)$/m);
    expect(names(`${top}/out/dst`)).toEqual(
      [
        'a',
        'a/fine',
        'closed directory',
        'closed directory/x',
        'deep',
        'deep/er',
        'deep/er/closed',
        'deep/fine',
      ].sort(),
    );
  });

  needs('root')('a source that could not be listed at all is copied as a whole', async () => {
    const top = temp();
    plant(`${top}/src`, { 'a/b': file('b'), c: file('c'), '': directory({ mode: 0o311, ...ORDINARY }) });
    plant(`${top}/out`, { '': directory(ORDINARY) });
    const options = { driver, cwd: top, user: ORDINARY };
    const { code, stdout } = await pcopy(['--progress', 'json', 'src', 'out/dst'], options);
    // A driver that has to open the directory is refused before it begins; then there is nothing to try again.
    if (code === 3) return;
    writeFileSync(`${top}/events.jsonl`, stdout);
    chmodSync(`${top}/src`, 0o755);
    await copy(['--retry-from', 'events.jsonl', 'src', 'out/dst'], options);
    expectSame(`${top}/src`, `${top}/out/dst`, { times: timesOf(driver) });
  });

  needs('strace')('an entry that failed for a passing reason', async () => {
    const top = temp();
    plant(`${top}/src`, { 'd/file': file('content'), 'd/other': file('other') });
    const prefix = failing('read,pread64', 'EIO:when=1', `${top}/src/d/file`);
    await logged(top, ['src', 'dst'], 1, { driver, prefix });
    rmSync(`${top}/dst/d/other`);
    await copy(['--retry-from', 'events.jsonl', 'src', 'dst'], { driver, cwd: top });
    expect(readFileSync(`${top}/dst/d/file`, 'utf8')).toBe('content');
    expect(readdirSync(`${top}/dst/d`)).toEqual(['file']);
  });

  test('one file; and an entry that is gone meanwhile is an error', async () => {
    const top = temp();
    plant(`${top}/src`, { a: file('a'), b: file('b') });
    plant(`${top}/dst`, { 'a/kept': file('kept'), 'b/kept': file('kept') });
    await logged(top, ['src/a', 'dst'], 1, { driver });
    rmSync(`${top}/dst/a`, { recursive: true });
    await copy(['--retry-from', 'events.jsonl', 'src/a', 'dst'], { driver, cwd: top });
    expect(readFileSync(`${top}/dst/a`, 'utf8')).toBe('a');
    await logged(top, ['src', 'dst'], 1, { driver });
    rmSync(`${top}/src/b`);
    const { stderr } = expectExit(await pcopy(['--retry-from', 'events.jsonl', 'src', 'dst'], { driver, cwd: top }), 1);
    expect(stderr).toMatch(/^pcopy: src\/b: .+ \(ENOENT\)$/m);
  });

  needs('root')('what could not be deleted is tried again with --delete, and is no entry to copy', async () => {
    const top = temp();
    plant(`${top}/src`, { 'd/a': file('a'), d: directory(ORDINARY) });
    plant(`${top}/dst`, {
      'd/a': file('a'),
      'd/extra': file('x'),
      'd/b/c': file('c'),
      d: directory({ mode: 0o555 }),
      '': directory(ORDINARY),
    });
    const options = { driver, cwd: top, user: ORDINARY };
    const stdout = await logged(top, ['src', 'dst', '-u', '--checksum', '--delete'], 1, options);
    expect(stdout).toMatch(/"path":"d\/extra".*"action":"delete"/);
    const without = expectExit(await pcopy(['--retry-from', 'events.jsonl', 'src', 'dst'], options), 0);
    expect(without.stderr).toMatch(/could not be deleted: .* --delete \(EPCOPY_LOG\)$/m);
    chmodSync(`${top}/dst/d`, 0o777);
    chmodSync(`${top}/dst/d/b`, 0o777);
    const { stderr } = await copy(['--retry-from', 'events.jsonl', 'src', 'dst', '--delete'], options);
    expect(stderr).not.toContain('EPCOPY_LOG');
    expect(names(`${top}/dst`)).toEqual(['d', 'd/a']);
  });
});

async function expectNothingToDo(top: string, ...args: string[]): Promise<string> {
  const { stderr } = await copy(['--retry-from', 'events.jsonl', ...args, 'src', 'dst'], { cwd: top });
  expect(stderr).toMatch(/names no entry that could not be copied: nothing to do/);
  return stderr;
}

test('a log without failures: nothing to do, and it says so, with --strict and as JSON too', async () => {
  const top = temp();
  plant(`${top}/src`, { a: file('a') });
  await logged(top, ['src', 'dst'], 0, {});
  rmSync(`${top}/dst/a`);
  await expectNothingToDo(top);
  await expectNothingToDo(top, '--strict');
  const args = ['--retry-from', 'events.jsonl', '--progress=json', 'src', 'dst'];
  const { stdout } = await copy(args, { cwd: top });
  const events = stdout
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line));
  expect(events[0].type).toBe('start');
  expect(events[1]).toMatchObject({ type: 'warn', code: 'EPCOPY_LOG' });
  expect(events.at(-1)).toMatchObject({ type: 'end', exitCode: 0 });
  expect(readdirSync(`${top}/dst`)).toEqual([]);
});

test('the log of a run that was killed or stopped is said to be incomplete, and all is copied', async () => {
  const top = temp();
  plant(`${top}/src`, { a: file('a'), b: file('b'), 'c/d': file('d') });
  plant(`${top}/dst`, { 'a/kept': file('kept'), 'b/kept': file('kept') });
  const log = await logged(top, ['src', 'dst'], 1, {});
  expect(log.indexOf('"end"')).toBeGreaterThan(0);
  // In the middle of the last line.
  truncateSync(`${top}/events.jsonl`, Buffer.byteLength(log) - 20);
  rmSync(`${top}/dst`, { recursive: true });
  const { stderr } = await copy(['--retry-from', 'events.jsonl', 'src', 'dst'], { cwd: top });
  expect(stderr).toMatch(/^pcopy: src: warning: events\.jsonl is incomplete, its run was killed .*\(EPCOPY_LOG\)$/m);
  expect(names(`${top}/dst`)).toEqual(['a', 'b', 'c', 'c/d']);
  plant(`${top}/other`, { 'a/kept': file('kept'), 'b/kept': file('kept') });
  await logged(top, ['src', 'other', '--fail-fast'], 4, {});
  const stopped = await pcopy(['--retry-from', 'events.jsonl', 'src', 'other'], { cwd: top });
  expect(stopped.stderr).toMatch(/is incomplete, its run was stopped/);
  const elsewhere = await pcopy(['--retry-from', 'events.jsonl', 'src', 'dst'], { cwd: top });
  expect(elsewhere.stderr).toMatch(/is of another copy, from \/.*\/src to \/.*\/other/);
});

async function expectRefused(top: string, said: string, driver: Driver = 'libc', ...args: string[]): Promise<void> {
  const { stderr } = expectExit(
    await pcopy(['--retry-from', 'events.jsonl', ...args, 'src', 'dst'], { driver, cwd: top }),
    2,
  );
  expect(stderr).toContain(said);
  expect(existsSync(`${top}/dst`)).toBe(false);
}

test('what is no log, or is the log of a run that copied nothing, is bad usage', async () => {
  const top = temp();
  plant(`${top}/src`, { a: file('a') });
  for (const [text, said] of [
    ['', 'it contains no event'],
    ['{\n  "name": "x"\n}\n', 'its line 1 is not an event'],
    ['a line\n', 'its line 1 is not an event'],
    ['{"type":"start"', 'its line 1 is not an event'],
    ['{"type":"start","source":"/a","destination":"/b"}\nnot this\n', 'its line 2 is not an event'],
    ['{"type":"error","path":"a","code":"E","action":"","side":"source"}\n', 'its line 1 comes before any start'],
    [
      '{"type":"start","source":"/a","destination":"/b"}\n{"type":"end","outcome":"zzz"}\n',
      'its line 2 is not an event',
    ],
  ] as const) {
    writeFileSync(`${top}/events.jsonl`, text);
    await expectRefused(top, said);
  }
  await logged(top, ['src', 'dst', '--dry-run'], 0, {});
  await expectRefused(top, 'a dry run');
  await logged(top, ['missing', 'dst'], 3, {});
  await expectRefused(top, 'was refused');
  await expectRefused(top, "cannot be used with '--files-from'", 'libc', '--files-from', 'list');
  rmSync(`${top}/events.jsonl`);
  await expectRefused(top, 'events.jsonl: cannot be read for --retry-from: no such file or directory (ENOENT)');
});
