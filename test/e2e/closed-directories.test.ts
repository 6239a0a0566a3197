import { chmodSync, chownSync, existsSync, lstatSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { expect } from 'vitest';
import { needs } from '../support/needs.ts';
import { copy, expectExit, ORDINARY, overBothDrivers, start, until } from '../support/run.ts';
import { temp } from '../support/temp.ts';
import { directory, file, plant } from '../support/tree.ts';
import { SLOW, slowFile } from './slow.ts';

const CLOSED = directory({ mode: 0o555 });
const DIRS = ['', '/a', '/a/b', '/a/c'];

/** A copy, by somebody without privileges, of a tree that is read-only. */
async function closedCopy(driver: 'libc' | 'node') {
  const top = temp();
  chmodSync(top, 0o755);
  plant(`${top}/src`, {
    '': CLOSED,
    a: CLOSED,
    'a/b': CLOSED,
    'a/b/x': file('1'),
    'a/c': CLOSED,
    'a/c/gone/y': file(),
  });
  chmodSync(`${top}/src/a/c/gone`, 0o555);
  const asUser = { driver, user: ORDINARY, cwd: top };
  plant(top, { own: directory() });
  chownSync(`${top}/own`, ORDINARY.uid, ORDINARY.gid);
  await copy(['src', 'own/dst'], asUser);
  const modes = () => DIRS.map((dir) => lstatSync(`${top}/own/dst${dir}`).mode & 0o7777);
  return { top, asUser, modes };
}

overBothDrivers((driver) => {
  needs('root')('a second run into a copy with read-only directories opens and closes them', async () => {
    const { top, asUser, modes } = await closedCopy(driver);
    expect(modes()).toEqual(DIRS.map(() => 0o555));
    writeFileSync(`${top}/src/a/b/x`, 'second');
    writeFileSync(`${top}/src/new`, 'new');
    rmSync(`${top}/src/a/c/gone`, { recursive: true });
    await copy(['src', 'own/dst', '--delete', '--dry-run'], asUser);
    await copy(['src', 'own/dst', '--delete'], asUser);
    expect(readFileSync(`${top}/own/dst/a/b/x`, 'utf8')).toBe('second');
    expect(readFileSync(`${top}/own/dst/new`, 'utf8')).toBe('new');
    expect(existsSync(`${top}/own/dst/a/c/gone`)).toBe(false);
    expect(modes()).toEqual(DIRS.map(() => 0o555));
    for (const dir of DIRS) chmodSync(`${top}/own/dst${dir}`, 0o511);
    await copy(['src', 'own/dst'], asUser);
    expect(modes()).toEqual(DIRS.map(() => 0o511));
    for (const dir of DIRS) chmodSync(`${top}/src${dir}`, 0o755);
    await copy(['src', 'own/dst', '-a'], asUser);
    expect(modes()).toEqual(DIRS.map(() => 0o755));
  });

  needs('root')('a run that is interrupted closes them too', async () => {
    const { top, asUser, modes } = await closedCopy(driver);
    plant(`${top}/src`, { 'a/b/big': slowFile() });
    const run = start([...SLOW, 'src', 'own/dst'], asUser);
    await until(() => modes()[2] === 0o755, 'an open directory');
    run.child.kill('SIGINT');
    expectExit(await run.done, 130);
    expect(modes()).toEqual(DIRS.map(() => 0o555));
  });
});
