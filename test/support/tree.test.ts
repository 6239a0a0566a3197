import { execFileSync } from 'node:child_process';
import { chmodSync, linkSync, lutimesSync, rmSync, symlinkSync, truncateSync, writeFileSync } from 'node:fs';
import { expect } from 'vitest';
import { differences, expectSame } from './compare.ts';
import { mountImage, mountTmpfs } from './mounts.ts';
import { needs } from './needs.ts';
import { oddTree } from './odd-tree.ts';
import { expectRsyncSame, rsyncDifferences } from './rsync.ts';
import { temp } from './temp.ts';
import { file, plant } from './tree.ts';

const everything = { privileged: true, attributes: true, special: true };

needs(
  'root',
  'python3',
  'rsync',
)('cp -a passes the comparison on the odd tree, and the same seed gives it again', () => {
  const top = temp();
  plant(`${top}/a`, oddTree(everything));
  plant(`${top}/again`, oddTree(everything));
  execFileSync('cp', ['-a', `${top}/a`, `${top}/b`]);
  expectSame(`${top}/a`, `${top}/b`, { mode: 0o7777, owner: true });
  expectRsyncSame(`${top}/a`, `${top}/b`, { also: 'AX' });
  expectRsyncSame(`${top}/a`, `${top}/again`, { also: 'AX' });
});

needs(
  'root',
  'loop',
  'python3',
  'mkfs.ext4',
  'mkfs.xfs',
  'mkfs.btrfs',
)('every file system holds the odd tree', () => {
  plant(mountTmpfs(), oddTree(everything));
  for (const type of ['ext4', 'xfs', 'btrfs'] as const) plant(mountImage(type), oddTree(everything));
});

needs('python3', 'rsync')('the comparison names each kind of difference', () => {
  const top = temp();
  const names = ['content', 'mode', 'time', 'size', 'type', 'gone', 'linked'];
  plant(`${top}/a`, Object.fromEntries(names.map((name) => [name, file('same', { mtime: 10n ** 18n + 1n })])));
  execFileSync('cp', ['-a', `${top}/a`, `${top}/b`]);
  expect(differences(`${top}/a`, `${top}/b`)).toEqual([]);

  writeFileSync(`${top}/b/content`, 'diff');
  lutimesSync(`${top}/b/content`, 1e9, 1e9);
  chmodSync(`${top}/b/mode`, 0o600);
  lutimesSync(`${top}/b/time`, 1e9, 1e9);
  truncateSync(`${top}/b/size`, 1);
  rmSync(`${top}/b/type`);
  symlinkSync('x', `${top}/b/type`);
  rmSync(`${top}/b/gone`);
  linkSync(`${top}/b/linked`, `${top}/b/more`);
  const found = differences(`${top}/a`, `${top}/b`).join('\n');
  for (const expected of [
    '"content": content ',
    '"mode": mode 600, should be 644',
    '"time": mtime 1000000000000000000, should be 1000000000000000001',
    '"size": size 1, should be 4',
    '"type": is a symlink, should be a file',
    '"gone": missing',
    '"linked": names linked,more, should be linked',
    '"more": not in the source',
  ]) {
    expect(found).toContain(expected);
  }
  expect(rsyncDifferences(`${top}/a`, `${top}/b`).length).toBeGreaterThan(7);
});
