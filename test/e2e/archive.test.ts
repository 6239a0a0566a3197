import { chownSync, linkSync, lstatSync, mkdirSync } from 'node:fs';
import { expect } from 'vitest';
import { differences, expectSame, survey } from '../support/compare.ts';
import { needs } from '../support/needs.ts';
import { oddTree } from '../support/odd-tree.ts';
import { expectRsyncSame } from '../support/rsync.ts';
import { copy, expectExit, ORDINARY, overBothDrivers, pcopy } from '../support/run.ts';
import { temp } from '../support/temp.ts';
import { type Attributes, directory, fifo, file, hardlink, plant, symlink, type Tree } from '../support/tree.ts';
import { timesOf } from './precision.ts';

needs(
  'root',
  'rsync',
  'python3',
)('-a as root: every type and attribute, also over an older copy', async () => {
  const top = temp();
  plant(`${top}/src`, oddTree({ privileged: true, attributes: true, special: true }));
  const { stderr } = await copy(['-a', `${top}/src`, `${top}/dst`, '-j', '2'], { driver: 'libc' });
  expectSame(`${top}/src`, `${top}/dst`, { mode: 0o7777, owner: true });
  expectRsyncSame(`${top}/src`, `${top}/dst`, { also: 'AX' });
  expect(stderr).not.toMatch(/not preserved/i);
  await copy(['-a', `${top}/src`, `${top}/dst`], { driver: 'libc' });
  expectRsyncSame(`${top}/src`, `${top}/dst`, { also: 'AX' });
  await copy(['-a', '-u', `${top}/src`, `${top}/dst`], { driver: 'libc' });
  expectRsyncSame(`${top}/src`, `${top}/dst`, { also: 'AX' });
});

needs(
  'root',
  'rsync',
  'python3',
)('-a -u brings up to date what is not copied, once', async () => {
  const top = temp();
  const time = { mtime: 1_600_000_000_123_456_789n };
  const rights = { uid: 1001, gid: 1002, mode: 0o2750, xattrs: { 'user.tag': 'new' }, acl: { 1003: 4 } };
  const tree = (attributes: Attributes, one: Attributes): Tree => ({
    'd/file': file('content', { ...time, ...attributes }),
    'd/one': file('linked', { ...time, ...one }),
    'd/two': hardlink('d/one'),
    'd/link': symlink('x', { ...time, ...one }),
    'd/pipe': fifo({ ...time, ...one }),
    d: directory({ ...time, ...attributes }),
  });
  plant(`${top}/src`, tree(rights, { uid: 1001, gid: 1002 }));
  plant(`${top}/dst`, tree({ mode: 0o4777, xattrs: { 'user.old': 'x' } }, {}));
  const seen = (): { ino: number; ctimeMs: number }[] =>
    ['file', 'link', 'pipe', 'one', ''].map((name) => {
      const { ino, ctimeMs } = lstatSync(`${top}/dst/d/${name}`);
      return { ino, ctimeMs };
    });
  const before = seen();
  const dry = await copy(['-a', '-u', '--dry-run', 'src', 'dst'], { driver: 'libc', cwd: top });
  expect(dry.stderr).toMatch(/3 unchanged/);
  expect(seen()).toEqual(before);
  const { stderr } = await copy(['-a', '-u', 'src', 'dst', '--fsync'], { driver: 'libc', cwd: top });
  expectRsyncSame(`${top}/src`, `${top}/dst`, { also: 'AX' });
  expect(stderr).toMatch(/3 unchanged/);
  const after = seen();
  expect(after.slice(0, 3).map(({ ino }) => ino)).toEqual(before.slice(0, 3).map(({ ino }) => ino));
  await copy(['-a', '-u', 'src', 'dst'], { driver: 'libc', cwd: top });
  expect(seen()).toEqual(after);
});

needs('root')('-a -u changes nothing under the other names of what is there', async () => {
  const top = temp();
  const time = { mtime: 1_600_000_000_000_000_000n };
  plant(`${top}/src`, { file: file('content', { ...time, uid: 1001, mode: 0o4755 }) });
  plant(`${top}/dst`, { file: file('content', { ...time, mode: 0o600 }) });
  linkSync(`${top}/dst/file`, `${top}/elsewhere`);
  await copy(['-a', '-u', `${top}/src`, `${top}/dst`]);
  expect(lstatSync(`${top}/elsewhere`)).toMatchObject({ uid: 0, mode: 0o100600 });
  expect(lstatSync(`${top}/dst/file`)).toMatchObject({ uid: 1001, mode: 0o104755 });
});

needs('root', 'python3')('-a with node:fs keeps owners and all bits, and says what it cannot keep', async () => {
  const top = temp();
  plant(`${top}/src`, oddTree({ privileged: true, attributes: true }));
  const { stderr } = await copy(['-a', '--exclude', 'devices', `${top}/src`, `${top}/dst`], { driver: 'node' });
  const left = differences(`${top}/src`, `${top}/dst`, { mode: 0o7777, owner: true, times: timesOf('node') });
  // The group bits of a mode are the ACL's mask, and there is no call for an ACL.
  expect(left.filter((line) => !/"devices|"attributes\/acl/.test(line))).toEqual([]);
  expect(stderr).toMatch(/not preserved/i);
  expect(stderr).toMatch(/xattr|extended attribute/i);
  expect(stderr).toMatch(/ACL/i);
});

overBothDrivers((driver) => {
  needs('root', 'python3')('-a as an ordinary user: what needs privilege stays behind, and is counted', async () => {
    const top = temp();
    plant(`${top}/src`, {
      '': directory(ORDINARY),
      'mine/a': file('a', ORDINARY),
      mine: directory(ORDINARY),
      'suid of mine': file('x', { ...ORDINARY, mode: 0o4755 }),
      'suid of another': file('x', { uid: 1001, gid: 1001, mode: 0o4755 }),
      'theirs 1': file('x', { uid: 1001, gid: ORDINARY.gid }),
      'theirs 2': symlink('x', { uid: 1001, gid: 1001 }),
    });
    mkdirSync(`${top}/out`);
    chownSync(`${top}/out`, ORDINARY.uid, ORDINARY.gid);
    const { stderr } = await copy(['-a', `${top}/src`, `${top}/out/dst`], { driver, user: ORDINARY });
    const found = differences(`${top}/src`, `${top}/out/dst`, { mode: 0o7777, owner: true, times: timesOf(driver) });
    const names = new Set(found.map((line) => line.slice(0, line.indexOf(':'))));
    expect([...names].sort()).toEqual(['"suid of another"', '"theirs 1"', '"theirs 2"']);
    // A program that ran as somebody else must not come to run as the one who copied it.
    expect((survey(`${top}/out/dst`).get('suid of another')?.mode ?? 0) & 0o7000).toBe(0);
    expect(stderr).toMatch(/3 owners/);
    const strict = await pcopy(['-aq', '--strict', `${top}/src`, `${top}/out/quiet`], { driver, user: ORDINARY });
    expect(expectExit(strict, 1).stderr).toMatch(/^pcopy: not preserved: .*3 owners.*\n$/);
  });
});
