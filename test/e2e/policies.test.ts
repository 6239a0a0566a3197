import { readFileSync, statSync, utimesSync, writeFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { expectSame, survey } from '../support/compare.ts';
import { needs } from '../support/needs.ts';
import { copy, overBothDrivers } from '../support/run.ts';
import { temp } from '../support/temp.ts';
import { directory, file, plant, symlink } from '../support/tree.ts';
import { timesOf } from './precision.ts';

const inode = (path: string) => statSync(path).ino;
const read = (path: string) => readFileSync(path, 'utf8');

overBothDrivers((driver) => {
  test('-n leaves every existing file and link as it is, and adds the others', async () => {
    const top = temp();
    plant(`${top}/src`, { 'a/file': file('new'), 'a/more': file('more'), link: symlink('new'), ghost: file('new') });
    plant(`${top}/dst`, {
      'a/file': file('old', { mtime: 1_000_000_000n }),
      link: symlink('old'),
      ghost: symlink('dangling'),
      extra: file('x'),
    });
    const before = survey(`${top}/dst`);
    await copy([`${top}/src`, `${top}/dst`, '-n'], { driver });
    const after = survey(`${top}/dst`);
    for (const path of ['a/file', 'link', 'ghost', 'extra']) {
      expect({ ...after.get(path), atime: 0 }, path).toEqual({ ...before.get(path), atime: 0 });
    }
    expect(read(`${top}/dst/a/more`)).toBe('more');
  });

  test('-u passes over what has the same size and time, and only that', async () => {
    const top = temp();
    const mtime = 1_500_000_000_123_456_000n;
    plant(`${top}/src`, {
      same: file('content', { mtime }),
      'same but other bytes': file('content', { mtime }),
      older: file('content', { mtime }),
      newer: file('content', { mtime }),
      'other size': file('content', { mtime }),
      'd/new': file('content', { mtime }),
    });
    plant(`${top}/dst`, {
      same: file('content', { mtime }),
      'same but other bytes': file('CONTENT', { mtime }),
      older: file('CONTENT', { mtime: mtime - 1_000_000n }),
      newer: file('CONTENT', { mtime: mtime + 1_000_000_000n }),
      'other size': file('CONT', { mtime }),
    });
    const kept = inode(`${top}/dst/same`);
    await copy([`${top}/src`, `${top}/dst`, '-u'], { driver });
    expect(inode(`${top}/dst/same`)).toBe(kept);
    expect(read(`${top}/dst/same but other bytes`)).toBe('CONTENT');
    for (const name of ['older', 'newer', 'other size', 'd/new'])
      expect(read(`${top}/dst/${name}`), name).toBe('content');
  });

  test('-u gives a link its time when an interrupted run had not', async () => {
    const top = temp();
    const link = symlink('target', { mtime: 1_500_000_000_123_456_000n });
    plant(`${top}/src`, { link, same: link });
    plant(`${top}/dst`, { link: symlink('target'), same: link });
    const { stderr } = await copy([`${top}/src`, `${top}/dst`, '-u'], { driver });
    expect(stderr).toMatch(/1 symbolic link;[\s\S]*1 unchanged/);
    expectSame(`${top}/src`, `${top}/dst`, { times: timesOf(driver) });
  });

  needs('python3')('-u after a copy by the same driver has nothing to do', async () => {
    const top = temp();
    const times = { mtime: 1_600_000_000_987_654_321n };
    plant(`${top}/src`, { a: file('a', times), 'd/b': file('b', times), '': directory() });
    await copy([`${top}/src`, `${top}/dst`], { driver });
    const before = [inode(`${top}/dst/a`), inode(`${top}/dst/d/b`)];
    await copy([`${top}/src`, `${top}/dst`, '-u'], { driver });
    expect([inode(`${top}/dst/a`), inode(`${top}/dst/d/b`)]).toEqual(before);
    expectSame(`${top}/src`, `${top}/dst`, { times: timesOf(driver) });
  });

  test('-u --checksum looks at the content, whatever size and time say', async () => {
    const top = temp();
    const mtime = 1_500_000_000_000_000_000n;
    plant(`${top}/src`, { touched: file('content'), sly: file('content', { mtime }), long: file('x'.repeat(300_000)) });
    plant(`${top}/dst`, {
      touched: file('content', { mtime }),
      sly: file('CONTENT', { mtime }),
      long: file('x'.repeat(300_000)),
    });
    utimesSync(`${top}/dst/long`, 1, 1);
    writeFileSync(`${top}/src/new`, 'new');
    const kept = [inode(`${top}/dst/touched`), inode(`${top}/dst/long`)];
    await copy([`${top}/src`, `${top}/dst`, '-u', '--checksum'], { driver });
    expect([inode(`${top}/dst/touched`), inode(`${top}/dst/long`)]).toEqual(kept);
    expect(read(`${top}/dst/sly`)).toBe('content');
    expect(read(`${top}/dst/new`)).toBe('new');
  });
});
