import { chownSync, mkdirSync } from 'node:fs';
import { expect } from 'vitest';
import { differences, expectSame, survey } from '../support/compare.ts';
import { needs } from '../support/needs.ts';
import { oddTree } from '../support/odd-tree.ts';
import { expectRsyncSame } from '../support/rsync.ts';
import { copy, ORDINARY, overBothDrivers } from '../support/run.ts';
import { temp } from '../support/temp.ts';
import { directory, file, plant, symlink } from '../support/tree.ts';
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
  });
});
