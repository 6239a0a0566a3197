import { spawnSync } from 'node:child_process';
import { chmodSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { runMark, temporaryName } from '../../src/fs/temporary-name.ts';
import { expectSame } from '../support/compare.ts';
import { needs } from '../support/needs.ts';
import { preload } from '../support/preload.ts';
import { processesWithEnvironment } from '../support/processes.ts';
import {
  copy,
  type Driver,
  expectExit,
  ORDINARY,
  overBothDrivers,
  type Running,
  start,
  until,
} from '../support/run.ts';
import { temp } from '../support/temp.ts';
import { file, plant, type Tree } from '../support/tree.ts';
import { timesOf } from './precision.ts';

/** A name that a dead run on this machine has given. */
function deadName(isLocked: boolean): string {
  const [machine, , random] = runMark().split('-');
  return temporaryName(`${machine}-${spawnSync('true').pid}-${random}`, 1, isLocked);
}

const temporaryIn = (dir: string): string | undefined => readdirSync(dir).find((name) => name.startsWith('.pcopy-'));

/** A run that stands still in the middle of a file, which has a temporary name in `dst/d` since it is split. */
async function standing(top: string, driver: Driver, prefix: readonly string[] = []): Promise<Running> {
  const data = Buffer.alloc(1_500_000, 'data');
  plant(`${top}/src`, { 'd/big': { type: 'sparse', size: 66 << 20, data: [[0, data]] } });
  plant(`${top}/other`, { 'd/small': file('small') });
  plant(`${top}/dst`, { 'd/old': file('old') });
  for (const dir of ['dst', 'dst/d']) chmodSync(`${top}/${dir}`, 0o777);
  const options = { driver, prefix, env: { PCOPY_TEST_CASE: top } };
  // Of holes the node driver knows nothing.
  const rate = driver === 'libc' ? '1M' : '30M';
  const run = start(['-j', '2', '--bwlimit', rate, `${top}/src`, `${top}/dst`], options);
  const begin = driver === 'libc' ? '.pcopy-l-' : '.pcopy-n-';
  await until(() => temporaryIn(`${top}/dst/d`)?.startsWith(begin) ?? false, 'a temporary file');
  process.kill(-run.pid, 'SIGSTOP');
  return run;
}

overBothDrivers((driver) => {
  test('a source file with the name of a dead temporary file is copied and stays, also with -u and --delete', async () => {
    const top = temp();
    const [one, two, single] = [deadName(true), deadName(false), deadName(true)];
    plant(`${top}/src`, { a: file('a'), [one]: file('one'), [`d/${two}`]: file('two'), 'd/b': file('b') });
    mkdirSync(`${top}/dst`);
    for (const options of [[], ['-u', '--delete']]) {
      await copy([`${top}/src`, `${top}/dst`, ...options], { driver });
      expectSame(`${top}/src`, `${top}/dst`, { times: timesOf(driver) });
    }
    // Where nothing else is to be done too.
    plant(`${top}/dst`, { [deadName(true)]: file('stale'), [`d/${deadName(false)}`]: file('stale') });
    await copy([`${top}/src`, `${top}/dst`, '-u', '--dry-run'], { driver });
    expect(temporaryIn(`${top}/dst/d`)).toBeDefined();
    await copy([`${top}/src`, `${top}/dst`, '-u'], { driver });
    expectSame(`${top}/src`, `${top}/dst`, { times: timesOf(driver) });
    await copy([`${top}/src/a`, `${top}/dst/d/${single}`], { driver });
    await copy([`${top}/src/a`, `${top}/dst/d/${single}`, '-u'], { driver });
    expect(readFileSync(`${top}/dst/d/${single}`, 'utf8')).toBe('a');
  });

  test('what a dead run left goes: where something is copied, and with --delete where nothing is any more', async () => {
    const top = temp();
    const [one, two] = [deadName(true), deadName(false)];
    plant(`${top}/src`, { 'd/a': file('a') });
    plant(`${top}/dst`, { [`d/${one}`]: file(), [`d/${two}`]: file(), [`gone/e/${one}`]: file() });
    await copy([`${top}/src`, `${top}/dst`, '--dry-run', '--delete'], { driver });
    expect(readdirSync(`${top}/dst/d`)).toHaveLength(2);
    await copy([`${top}/src`, `${top}/dst`], { driver });
    expect(readdirSync(`${top}/dst/d`)).toEqual(['a']);
    expect(readdirSync(`${top}/dst/gone/e`)).toEqual([one]);
    await copy([`${top}/src`, `${top}/dst`, '--delete'], { driver });
    expectSame(`${top}/src`, `${top}/dst`, { times: timesOf(driver) });
  });

  needs(
    'root',
    'unshare',
    'setpriv',
  )('a run that cannot see another one leaves its temporary files', async () => {
    const top = temp();
    const run = await standing(top, driver);
    const hidden = ['unshare', '-m', 'sh', '-c', 'mount -t proc -o hidepid=2 proc /proc && exec "$@"', 'sh'];
    const asUser = ['setpriv', `--reuid=${ORDINARY.uid}`, `--regid=${ORDINARY.gid}`, '--clear-groups'];
    const container = ['unshare', '--pid', '--fork', '--mount-proc'];
    for (const prefix of [[...hidden, ...asUser], container]) {
      await copy([`${top}/other`, `${top}/dst`], { driver, prefix });
      expect(temporaryIn(`${top}/dst/d`)).toBeDefined();
    }
    process.kill(-run.pid, 'SIGCONT');
    expectExit(await run.done, 0);
    expect(readdirSync(`${top}/dst/d`).sort()).toEqual(['big', 'old', 'small']);
  });
});

needs('root', 'unshare')('what a dead container left goes, also with --delete where its source is gone', async () => {
  const top = temp();
  const run = await standing(top, 'libc', ['unshare', '--pid', '--fork', '--mount-proc']);
  process.kill(-run.pid, 'SIGKILL');
  await run.done;
  await until(() => processesWithEnvironment(`PCOPY_TEST_CASE=${top}`).length === 0, 'the end of the container');
  const left = temporaryIn(`${top}/dst/d`) ?? '';
  expect(left).not.toBe('');
  plant(`${top}/dst`, { [`gone/${left}`]: file() });
  await copy([`${top}/other`, `${top}/dst`]);
  expect(readdirSync(`${top}/dst/d`).sort()).toEqual(['old', 'small']);
  await copy([`${top}/other`, `${top}/dst`, '--delete']);
  expect(readdirSync(`${top}/dst`, { recursive: true }).sort()).toEqual(['d', 'd/small']);
});

needs('root', 'unshare')('without /proc a living run keeps its temporary files', async () => {
  const top = temp();
  const run = await standing(top, 'libc');
  const bare = ['unshare', '-m', 'sh', '-c', 'mount -t tmpfs none /proc && exec "$@"', 'sh'];
  await copy([`${top}/other`, `${top}/dst`], { prefix: bare });
  process.kill(-run.pid, 'SIGCONT');
  expectExit(await run.done, 0);
  writeFileSync(`${top}/dst/d/${deadName(true)}`, '');
  await copy([`${top}/other`, `${top}/dst`], { prefix: bare });
  expect(temporaryIn(`${top}/dst/d`)).toBeUndefined();
});

needs('gcc')('two runs at once that need temporary names leave each other theirs', async () => {
  const top = temp();
  const tree = (prefix: string): Tree =>
    Object.fromEntries(Array.from({ length: 300 }, (_, i) => [`d${i % 3}/${prefix}${i}`, file(prefix)]));
  for (const name of ['a', 'b']) plant(`${top}/${name}`, tree(name));
  mkdirSync(`${top}/dst`);
  const env = preload(top, WITHOUT_TMPFILE);
  await Promise.all(['a', 'b'].map((name) => copy([`${top}/${name}`, `${top}/dst`, '-j', '2'], { env })));
  const files = readdirSync(`${top}/dst`, { recursive: true, encoding: 'latin1' }).filter((path) => path.includes('/'));
  expect(files.sort()).toEqual(Object.keys({ ...tree('a'), ...tree('b') }).sort());
});

const WITHOUT_TMPFILE = `
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <sys/syscall.h>
#include <unistd.h>
int openat(int dir, const char *name, int flags, ...) {
  va_list more;
  va_start(more, flags);
  unsigned mode = va_arg(more, unsigned);
  va_end(more);
  if ((flags & O_TMPFILE) == O_TMPFILE) { errno = EOPNOTSUPP; return -1; }
  return syscall(SYS_openat, dir, name, flags, mode);
}
`;
