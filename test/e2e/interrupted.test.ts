import { spawnSync } from 'node:child_process';
import { chmodSync, existsSync, mkdirSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { expect, test } from 'vitest';
import { differences, expectSame, survey } from '../support/compare.ts';
import { needs } from '../support/needs.ts';
import { preload } from '../support/preload.ts';
import { childrenOf, openFiles, processesWithEnvironment } from '../support/processes.ts';
import {
  copy,
  type Driver,
  expectExit,
  overBothDrivers,
  type Running,
  type RunOptions,
  start,
  until,
} from '../support/run.ts';
import { temp } from '../support/temp.ts';
import { directory, file, plant } from '../support/tree.ts';
import { timesOf } from './precision.ts';
import { SLOW, slowFile } from './slow.ts';

const OLD = 'the old content';

/** A run that stands in the middle of two files, one new and one that replaces an old one. */
async function caughtInTheMiddle(top: string, driver: Driver): Promise<Running> {
  plant(`${top}/src`, { 'a/big': slowFile(), 'b/big': slowFile(), 'c/small': file('small') });
  plant(`${top}/dst`, { 'b/big': file(OLD) });
  const run = start([...SLOW, '-j', '2', `${top}/src`, `${top}/dst`], { driver, env: { PCOPY_TEST_CASE: top } });
  const atWork = () => childrenOf(run.pid).filter(({ pid }) => openFiles(pid).some((path) => path.endsWith('/big')));
  await until(() => atWork().length === 2, 'two workers in the middle of a file');
  return run;
}

/** Files under final names are whole; temporary ones are a dot and something of ours. */
function expectWholeFiles(top: string): void {
  expect(existsSync(`${top}/dst/a/big`)).toBe(false);
  expect(readFileSync(`${top}/dst/b/big`, 'utf8')).toBe(OLD);
}

function expectNothingElse(top: string): void {
  const source = survey(`${top}/src`);
  expect([...survey(`${top}/dst`).keys()].filter((path) => !source.has(path))).toEqual([]);
}

const modeOf = (path: string): number => (statSync(path, { throwIfNoEntry: false })?.mode ?? 0) & 0o7777;

const remaining = (top: string) => processesWithEnvironment(`PCOPY_TEST_CASE=${top}`).map(({ command }) => command);

overBothDrivers((driver) => {
  needs('fallocate')('of big files all are finished that were read, but those in hand', async () => {
    const top = temp();
    const size = 65 << 20;
    mkdirSync(`${top}/src`);
    // Blocks of zeros, which are read, and not written with `--sparse always`.
    for (let i = 0; i < 8; i++) spawnSync('fallocate', ['-l', String(size), `${top}/src/${i}`]);
    const options = ['-j', '2', '--bwlimit', '150M', '--sparse', 'always', '--reflink', 'never', '--progress', 'json'];
    const run = start([...options, `${top}/src`, `${top}/dst`], { driver });
    const read = () => Number([...run.output().stdout.matchAll(/"settledBytes":(\d+)/g)].at(-1)?.[1] ?? 0);
    await until(() => read() > 160 << 20, 'some of it is read');
    run.child.kill('SIGINT');
    expectExit(await run.done, 130);
    const finished = readdirSync(`${top}/dst`).length * size;
    expect(finished).toBeGreaterThanOrEqual(0.9 * read() - 2 * size);
  });

  test.each([
    ['SIGINT', 130],
    ['SIGTERM', 143],
    ['SIGHUP', 129],
  ] as const)('%s ends the run with %i, cleanly', async (signal, code) => {
    const top = temp();
    const run = await caughtInTheMiddle(top, driver);
    // As a terminal does it: to the parent and to all workers at once.
    if (signal === 'SIGINT') process.kill(-run.pid, signal);
    else run.child.kill(signal);
    const { stderr } = expectExit(await run.done, code);
    expectWholeFiles(top);
    expectNothingElse(top);
    expect(stderr).not.toMatch(/^\s+at /m);
    await until(() => remaining(top).length === 0, 'the end of every process');
  });

  test('directories that are complete have their mode and times, and no others', async () => {
    const top = temp();
    const dirs = Array.from({ length: 30 }, (_, i) => `d${i}`);
    for (const dir of dirs) {
      plant(`${top}/src`, {
        [`${dir}/deep/f`]: file(Buffer.alloc(100_000, dir)),
        [`${dir}/f`]: file(Buffer.alloc(200_000)),
      });
      plant(`${top}/src`, { [dir]: directory({ mode: 0o750, mtime: 10n ** 18n }) });
    }
    const finished = (): string[] => dirs.filter((dir) => modeOf(`${top}/dst/${dir}`) === 0o750);
    const run = start(['-j', '2', '--bwlimit', '3M', `${top}/src`, `${top}/dst`], { driver });
    await until(() => finished().length > 0, 'a directory that is finished');
    run.child.kill('SIGINT');
    expectExit(await run.done, 130);
    for (const dir of finished()) {
      const wrong = differences(`${top}/src/${dir}`, `${top}/dst/${dir}`, { times: timesOf(driver) });
      // Two workers may finish the two: then the upper one is not always the last.
      const isDeepUnfinished = modeOf(`${top}/dst/${dir}/deep`) === 0o1700;
      expect(wrong.filter((line) => !(isDeepUnfinished && line.startsWith('"deep": ')))).toEqual([]);
    }
    const others = dirs.filter((dir) => existsSync(`${top}/dst/${dir}`) && !finished().includes(dir));
    for (const dir of others) expect(modeOf(`${top}/dst/${dir}`)).toBe(0o1700);
    await copy([`${top}/src`, `${top}/dst`, '-u'], { driver });
    expectSame(`${top}/src`, `${top}/dst`, { times: timesOf(driver) });
  });

  test('a second signal ends the run at once', async () => {
    const top = temp();
    const run = await caughtInTheMiddle(top, driver);
    run.child.kill('SIGINT');
    run.child.kill('SIGTERM');
    const { code } = await run.done;
    expect([130, 143]).toContain(code);
    expectWholeFiles(top);
    await until(() => remaining(top).length === 0, 'the end of every process');
  });

  test('SIGKILL of the parent leaves no process, and the next run leaves no temporary file', async () => {
    const top = temp();
    const run = await caughtInTheMiddle(top, driver);
    run.child.kill('SIGKILL');
    await run.done;
    await until(() => remaining(top).length === 0, 'the end of every worker', 5_000);
    expectWholeFiles(top);
    await copy([`${top}/src`, `${top}/dst`], { driver });
    expectNothingElse(top);
    expect(differences(`${top}/src/c`, `${top}/dst/c`, { times: timesOf(driver) })).toEqual([]);
  });

  test('SIGKILL of the parent ends a worker that hashes a hole', async () => {
    const top = temp();
    plant(`${top}/src`, { hole: { type: 'sparse', size: 2 ** 42, data: [] } });
    const run = start(['--verify', `${top}/src`, `${top}/dst`], { driver, env: { PCOPY_TEST_CASE: top } });
    const isOpen = (pid: number): boolean => openFiles(pid).some((path) => path.endsWith('/hole'));
    await until(() => childrenOf(run.pid).some(({ pid }) => isOpen(pid)), 'a worker that hashes');
    run.child.kill('SIGKILL');
    await run.done;
    await until(() => remaining(top).length === 0, 'the end of every worker', 5_000);
  });

  const killedAndResumed = async (top: string, options: RunOptions = {}): Promise<void> => {
    plant(`${top}/src`, { 'x/y/big': slowFile(), 'x/y/small': file('s'), 'z/w': file('w') });
    const run = start([...SLOW, '-j', '1', `${top}/src`, `${top}/dst`], { driver, ...options });
    await until(
      () => childrenOf(run.pid).some(({ pid }) => openFiles(pid).some((path) => path.endsWith('/big'))),
      'the big file',
    );
    process.kill(-run.pid, 'SIGKILL');
    await run.done;
    await copy(['-u', `${top}/src`, `${top}/dst`], { driver });
    expectSame(`${top}/src`, `${top}/dst`, { times: timesOf(driver) });
  };

  test('a tree that a killed run began is the same as the source after the next run', () => killedAndResumed(temp()));

  test('also where directories inherit the setgid bit', async () => {
    const top = temp();
    chmodSync(top, 0o2755);
    await killedAndResumed(top);
  });

  needs('gcc')('also where mkdir sets no sticky bit, and the umask takes everything', async () => {
    const top = temp();
    const prefix = ['sh', '-c', 'umask 0777; exec "$@"', 'sh'];
    await killedAndResumed(top, { prefix, env: preload(top, MKDIR) });
  });
});

const MKDIR = `
#include <fcntl.h>
#include <sys/syscall.h>
#include <unistd.h>
int mkdirat(int dir, const char *name, unsigned mode) { return syscall(SYS_mkdirat, dir, name, mode & 0777); }
int mkdir(const char *name, unsigned mode) { return mkdirat(AT_FDCWD, name, mode); }
`;
