import { lstatSync, readFileSync } from 'node:fs';
import { expect } from 'vitest';
import { sameTime } from '../support/compare.ts';
import { mountImage } from '../support/mounts.ts';
import { needs } from '../support/needs.ts';
import { copy, overBothDrivers } from '../support/run.ts';
import { temp } from '../support/temp.ts';
import { directory, file, plant, symlink, type Tree } from '../support/tree.ts';
import { timesOf } from './precision.ts';

const SECOND = 1_000_000_000n;
const MOMENTS = {
  '1901': -2_150_000_000n * SECOND,
  '1969': -1n * SECOND + 123_456_789n,
  'the last nanosecond before 1970': -1n,
  '1970': 0n,
  now: 1_700_000_000n * SECOND + 987_654_321n,
  '2038': 2n ** 31n * SECOND + 1_000n,
  '2200': 7_258_118_400n * SECOND + 111_222_333n,
};

overBothDrivers((driver) => {
  needs('python3')('access and modification times of files, directories and links, 1901 to 2200', async () => {
    const top = temp();
    const tree: Tree = { '': directory({ mtime: 5n * SECOND + 5_000n, atime: 6n * SECOND + 6_000n }) };
    for (const [name, mtime] of Object.entries(MOMENTS)) {
      const atime = mtime + 3_600n * SECOND + 1_000n;
      tree[`files/${name}`] = file(name, { mtime, atime });
      tree[`links/${name}`] = symlink(name, { mtime, atime });
      tree[`directories/${name}`] = directory({ mtime, atime });
      tree[`directories/${name}/child`] = file('x');
    }
    plant(`${top}/src`, tree);
    await copy([`${top}/src`, `${top}/dst`], { driver });
    const wrong: string[] = [];
    for (const [path, entry] of Object.entries(tree)) {
      if (entry.mtime === undefined || entry.atime === undefined) continue;
      const stat = lstatSync(`${top}/dst/${path}`, { bigint: true });
      if (!sameTime(entry.mtime, stat.mtimeNs, timesOf(driver))) wrong.push(`${path}: mtime ${stat.mtimeNs}`);
      // Reading a directory or a link while copying may set its access time before the copy sees it.
      const read = entry.type === 'directory' || entry.type === 'symlink';
      if (!read && !sameTime(entry.atime, stat.atimeNs, timesOf(driver))) wrong.push(`${path}: atime ${stat.atimeNs}`);
    }
    expect(wrong).toEqual([]);
  });

  needs('python3')(
    'what was copied is not copied again: the times have all the digits that the driver can set',
    async () => {
      const top = temp();
      const tree: Tree = {};
      for (let i = 0; i < 200; i++) {
        const mtime = (i % 2 === 0 ? 1_700_000_000n : -1_000_000_000n) * SECOND + BigInt(i) * 7_654_321n;
        tree[`f${i}`] = file('x', { mtime });
        tree[`l${i}`] = symlink('x', { mtime });
      }
      plant(`${top}/src`, tree);
      await copy([`${top}/src`, `${top}/dst`], { driver });
      const { stdout } = await copy(['-u', '-v', `${top}/src`, `${top}/dst`], { driver });
      expect(stdout.split('\n').filter((line) => !line.endsWith(' (unchanged)'))).toEqual(['']);
    },
  );

  needs('python3')('where both sides hold nanoseconds, a whole second is another time than a part of it', async () => {
    const top = temp();
    const whole = { mtime: 1_700_000_000n * SECOND };
    const part = { mtime: 1_700_000_000n * SECOND + 900_000_000n };
    plant(`${top}/src`, { whole: file('whole', whole), part: file('part of', part) });
    plant(`${top}/dst`, { whole: file('WHOLE', part), part: file('PART OF', whole) });
    await copy(['-u', `${top}/src`, `${top}/dst`], { driver });
    const { stdout } = await copy(['-u', '-v', `${top}/src`, `${top}/dst`], { driver });
    expect(readFileSync(`${top}/dst/whole`, 'utf8') + readFileSync(`${top}/dst/part`, 'utf8')).toBe('wholepart of');
    expect(stdout.match(/ \(unchanged\)$/gm)).toHaveLength(2);
  });

  needs('loop', 'python3')('times that the destination cuts or clamps are counted', async () => {
    const top = temp();
    const second = { mtime: 1_700_000_000n * SECOND, atime: 1_700_000_001n * SECOND };
    plant(`${top}/src`, {
      '': directory(second),
      kept: file('x', second),
      cut: file('x', { ...second, mtime: second.mtime + 123_456_000n }),
      clamped: file('x', { ...second, mtime: 2n ** 33n * SECOND }),
      link: symlink('x', { ...second, mtime: second.mtime + 1_000n }),
    });
    const dst = `${mountImage('ext4 of seconds')}/dst`;
    const { stderr } = await copy([`${top}/src`, dst], { driver });
    expect(stderr).toMatch(/not preserved: [34] exact times$/m); // Listing may set the access time of the top.
    expect(lstatSync(`${dst}/kept`).mtimeMs).toBe(1_700_000_000_000);
    const { stdout } = await copy(['-u', '-v', `${top}/src`, dst], { driver });
    expect(stdout.split('\n').filter((line) => !line.endsWith(' (unchanged)'))).toEqual([
      `${top}/src/clamped -> ${dst}/clamped`,
      '',
    ]);
  });
});
