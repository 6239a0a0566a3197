import { lstatSync, mkdirSync, readdirSync, readFileSync, symlinkSync } from 'node:fs';
import { expect, test } from 'vitest';
import { expectSame } from '../support/compare.ts';
import { copy, expectExit, overBothDrivers, pcopy } from '../support/run.ts';
import { temp } from '../support/temp.ts';
import { directory, file, plant, symlink } from '../support/tree.ts';
import { timesOf } from './precision.ts';

overBothDrivers((driver) => {
  test('one file: to a new name, into a directory, over a file, below missing parents', async () => {
    const top = temp();
    plant(`${top}/src`, { 'a file': file('content', { mode: 0o640, mtime: 1_000_000_000_111_222_000n }) });
    plant(`${top}/old`, { name: file('old and longer') });
    mkdirSync(`${top}/into`);
    symlinkSync('into', `${top}/link to into`);
    await copy(['src/a file', 'fresh'], { driver, cwd: top });
    await copy(['src/a file', 'into'], { driver, cwd: top });
    await copy(['src/a file', 'old/name'], { driver, cwd: top });
    await copy(['src/a file', 'new/par/ents/name'], { driver, cwd: top });
    for (const path of ['fresh', 'into/a file', 'old/name', 'new/par/ents/name']) {
      expectSame(`${top}/src/a file`, `${top}/${path}`, { times: timesOf(driver) });
    }
    await copy(['src/a file', 'link to into'], { driver, cwd: top });
    expect(lstatSync(`${top}/link to into`).isSymbolicLink()).toBe(true);
    expect(readdirSync(`${top}/into`)).toEqual(['a file']);
  });

  test('one file through a link to it, and over a directory of its name', async () => {
    const top = temp();
    plant(top, { 'src/file': file('content'), link: symlink('src/file'), 'into/file/kept': file('kept') });
    await copy(['link', 'copy'], { driver, cwd: top });
    expect(readFileSync(`${top}/copy`, 'utf8')).toBe('content');
    const { code } = await pcopy(['src/file', 'into'], { driver, cwd: top });
    expect([1, 3]).toContain(code);
    expect(readFileSync(`${top}/into/file/kept`, 'utf8')).toBe('kept');
  });

  test('an empty directory is a tree too', async () => {
    const top = temp();
    plant(top, { src: directory({ mode: 0o705, mtime: 1_000_000_000_000_000_000n }) });
    await copy(['src', 'dst'], { driver, cwd: top });
    expectSame(`${top}/src`, `${top}/dst`);
    expectExit(await pcopy(['src', 'dst/sub'], { driver, cwd: top }), 0);
  });
});
