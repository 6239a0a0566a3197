import { mkdirSync, readdirSync, readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { bytes, inside } from '../support/bytes.ts';
import { expectSame } from '../support/compare.ts';
import { isRoot, needs } from '../support/needs.ts';
import { ODD_NAMES, oddTree } from '../support/odd-tree.ts';
import { expectRsyncSame } from '../support/rsync.ts';
import { copy, overBothDrivers } from '../support/run.ts';
import { temp } from '../support/temp.ts';
import { file, plant } from '../support/tree.ts';
import { timesOf } from './precision.ts';

overBothDrivers((driver) => {
  needs('python3', 'rsync')('every name travels byte for byte, at every place', async () => {
    const top = temp();
    plant(`${top}/src`, oddTree({ unreadable: isRoot() }));
    await copy([`${top}/src`, `${top}/dst`, '-j', '2'], { driver });
    expectSame(`${top}/src`, `${top}/dst`, { times: timesOf(driver) });
    expectRsyncSame(`${top}/src`, `${top}/dst`, { seconds: driver === 'node' });
  });

  test('the two typed paths may have any name too', async () => {
    const top = temp();
    // A sample that covers each kind: every name costs a start of the command.
    for (const name of ['not utf-8 \xff\xfe', 'new\nline', '-n', '[a-z]*?{a,b}', 'back\\slash', ' blank ']) {
      mkdirSync(inside(top, name));
      const source = Buffer.concat([bytes(name), Buffer.from('/src')]);
      const destination = Buffer.concat([bytes(name), Buffer.from('/dst '), bytes(name)]);
      plant(`${top}/plain`, { 'a/b': file('x') });
      await copy(['--', 'plain', source], { driver, cwd: top });
      await copy(['--', source, destination], { driver, cwd: top });
      expect(readFileSync(Buffer.concat([Buffer.from(`${top}/`), destination, Buffer.from('/a/b')]), 'utf8')).toBe('x');
    }
  });

  test('several thousand names in one directory', async () => {
    const top = temp();
    const names = Array.from({ length: 3000 }, (_, i) => `${ODD_NAMES[i % 20]} ${i}`.slice(-250));
    plant(`${top}/src`, Object.fromEntries(names.map((name) => [name, file(name)])));
    await copy([`${top}/src`, `${top}/dst`, '-j', '2'], { driver });
    expect(readdirSync(`${top}/dst`, { encoding: 'latin1' }).sort()).toEqual([...names].sort());
    expectSame(`${top}/src`, `${top}/dst`, { times: timesOf(driver) });
  });
});
