import { readFileSync, readlinkSync, rmSync, statSync, utimesSync, writeFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { expectSame, survey } from '../support/compare.ts';
import { needs } from '../support/needs.ts';
import { copy, expectExit, overBothDrivers, pcopy } from '../support/run.ts';
import { temp } from '../support/temp.ts';
import { directory, file, hardlink, plant, symlink } from '../support/tree.ts';
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

  test('--if-exists error fails each existing file by name, and copies the others', async () => {
    const top = temp();
    plant(`${top}/src`, { 'a/file': file('new'), 'a/more': file('more'), link: symlink('new'), d: directory() });
    plant(`${top}/src`, { one: file('linked'), two: hardlink('one') });
    plant(`${top}/dst`, { 'a/file': file('old'), link: file('old'), d: directory(), two: file('old') });
    const before = survey(`${top}/dst`);
    for (const more of [['--dry-run'], ['--no-atomic'], []]) {
      const result = await pcopy(['src', 'dst', '--if-exists', 'error', ...more], { driver, cwd: top });
      expectExit(result, 1);
      for (const name of ['a/file', 'link', 'two'])
        expect(result.stderr).toContain(`pcopy: dst/${name}: create: exists already (EEXIST)`);
      expect(result.stderr).toMatch(/3 (would )?fail/);
      const after = survey(`${top}/dst`);
      for (const name of ['a/file', 'link', 'two'])
        expect({ ...after.get(name), atime: 0 }, name).toEqual({ ...before.get(name), atime: 0 });
      if (more[0] !== '--dry-run') for (const name of ['a/more', 'one']) rmSync(`${top}/dst/${name}`);
    }
  });

  test('--if-exists older replaces what is older than the source, whatever it is', async () => {
    const top = temp();
    const mtime = 1_500_000_000_123_456_000n;
    const [older, newer] = [{ mtime: mtime - 1_000n }, { mtime: mtime + 1_000n }];
    const names = ['older', 'same', 'newer', 'missing', 'linked'];
    plant(`${top}/src`, Object.fromEntries(names.map((name) => [name, file('source', { mtime })])));
    plant(`${top}/src`, {
      sibling: hardlink('linked'),
      link: symlink('x', { mtime }),
      young: symlink('x', { mtime }),
    });
    plant(`${top}/dst`, {
      older: file('there', older),
      same: file('there', { mtime }),
      newer: file('there', newer),
      sibling: file('there', newer),
      link: symlink('there', older),
      young: symlink('there', newer),
    });
    const { stderr } = await copy([`${top}/src`, `${top}/dst`, '--if-exists', 'older'], { driver });
    for (const name of ['older', 'missing']) expect(read(`${top}/dst/${name}`), name).toBe('source');
    for (const name of ['same', 'newer', 'sibling']) expect(read(`${top}/dst/${name}`), name).toBe('there');
    expect([readlinkSync(`${top}/dst/link`), readlinkSync(`${top}/dst/young`)]).toEqual(['x', 'there']);
    expect(stderr).toMatch(/4 unchanged/);
  });

  test('--if-exists with -u: what is the same is no error, what is newer stays', async () => {
    const top = temp();
    const mtime = 1_500_000_000_000_000_000n;
    plant(`${top}/src`, { same: file('same', { mtime }), other: file('source', { mtime }) });
    plant(`${top}/dst`, { same: file('same', { mtime }), other: file('there', { mtime: mtime + 1_000_000_000n }) });
    const strict = await pcopy(['src', 'dst', '-u', '--if-exists=error'], { driver, cwd: top });
    expectExit(strict, 1);
    expect(strict.stderr).toMatch(/other: create: exists already[\s\S]*1 unchanged/);
    expect((await copy(['src', 'dst', '-u', '--if-exists=older'], { driver, cwd: top })).stderr).toMatch(/2 unchanged/);
    expect(read(`${top}/dst/other`)).toBe('there');
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

  test('what stays needs no worker, and is told as any other entry', async () => {
    const top = temp();
    const times = { mtime: 1_500_000_000_123_456_000n };
    plant(`${top}/src`, {
      '': directory(times),
      a: file('a', times),
      link: symlink('a', times),
      'd/b': file('b', times),
      d: directory(times),
    });
    await copy([`${top}/src`, `${top}/dst`], { driver });
    for (const options of [['-u'], ['-n'], ['--if-exists=older'], ['-u', '--dry-run'], ['-u', '--delete']]) {
      const { stdout } = await copy([`${top}/src`, `${top}/dst`, ...options, '-v', '--progress=json'], { driver });
      const events = stdout.split('\n').flatMap((line) => (line === '' ? [] : [JSON.parse(line)]));
      const told = events.filter(({ type }) => type === 'file').map(({ path, kind, action }) => [path, kind, action]);
      expect(told.sort(), options.join(' ')).toEqual([
        ['a', 'file', 'unchanged'],
        ['d', 'directory', 'unchanged'],
        ['d/b', 'file', 'unchanged'],
        ['link', 'symlink', 'unchanged'],
      ]);
      const { totals, load } = events.at(-1);
      expect([totals.unchanged, totals.files, totals.directories, totals.failed]).toEqual([3, 0, 0, 0]);
      expect(load.workers, options.join(' ')).toEqual([]);
    }
    expectSame(`${top}/src`, `${top}/dst`, { times: timesOf(driver) });
  });

  test('what is beside what stays is done: other content, another target, a directory of another time', async () => {
    const top = temp();
    const times = { mtime: 1_500_000_000_123_456_000n };
    const same = { 'd/same': file('same', times), 'e/same': file('same', times), 'f/same': file('same', times) };
    plant(`${top}/src`, {
      ...same,
      'd/new': file('new', times),
      'd/link': symlink('new', times),
      'd/one': file('one', times),
      'd/two': hardlink('d/one'),
      'd/was a link': file('file', times),
      'e/only this': directory(times),
      'f/g/h/i': file('deep', times),
    });
    plant(`${top}/dst`, {
      ...same,
      'd/link': symlink('old', times),
      'd/one': file('one', times),
      'd/was a link': symlink('same', times),
      'e/only this': directory(),
      'f/g/h': directory({ mode: 0o1700 }),
    });
    const kept = inode(`${top}/dst/d/same`);
    for (const dir of ['', 'd', 'e', 'f', 'f/g', 'f/g/h']) utimesSync(`${top}/src/${dir}`, 1, 1_500_000_000);
    await copy([`${top}/src`, `${top}/dst`, '-u'], { driver });
    expect(inode(`${top}/dst/d/same`)).toBe(kept);
    expectSame(`${top}/src`, `${top}/dst`, { times: timesOf(driver) });
    // Nothing but the removal changes the time of `e`.
    writeFileSync(`${top}/dst/e/extra`, 'x');
    await copy([`${top}/src`, `${top}/dst`, '-u', '--delete'], { driver });
    expectSame(`${top}/src`, `${top}/dst`, { times: timesOf(driver) });
  });

  test('-u --checksum sets the time of what is equal; -u leaves a directory of the same time alone', async () => {
    const top = temp();
    const mtime = 1_500_000_000_123_456_000n;
    plant(`${top}/src`, { 'd/touched': file('content', { mtime }), d: directory({ mtime }) });
    plant(`${top}/dst`, { 'd/touched': file('content'), d: directory({ mtime }) });
    const kept = [inode(`${top}/dst/d/touched`), statSync(`${top}/dst/d`).ctimeMs];
    const { stderr } = await copy([`${top}/src`, `${top}/dst`, '-u', '--checksum'], { driver });
    expect(stderr).toMatch(/1 unchanged/);
    expect([inode(`${top}/dst/d/touched`), statSync(`${top}/dst/d`).ctimeMs]).toEqual(kept);
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
