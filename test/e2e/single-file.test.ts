import { lstatSync, mkdirSync, readdirSync, readFileSync, readlinkSync, symlinkSync, unlinkSync } from 'node:fs';
import { expect, test } from 'vitest';
import { expectSame } from '../support/compare.ts';
import { needs } from '../support/needs.ts';
import { copy, expectExit, overBothDrivers, pcopy } from '../support/run.ts';
import { temp } from '../support/temp.ts';
import { directory, fifo, file, plant, symlink } from '../support/tree.ts';
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

  test('one file: patterns are about its name, and what means nothing for it is bad usage', async () => {
    const top = temp();
    plant(top, { 'src/a.txt': file('a'), 'dst/extra': file('x') });
    const { stderr } = await copy(['src/a.txt', 'dst', '--exclude', '*.txt'], { driver, cwd: top });
    expect(stderr).toMatch(/^pcopy: src\/a\.txt: warning: there is nothing to copy \(EPCOPY_EMPTY\)$/m);
    await copy(['src/a.txt', 'dst', '--include', '*.md'], { driver, cwd: top });
    expect(readdirSync(`${top}/dst`)).toEqual(['extra']);
    await copy(['src/a.txt', 'dst', '--include', '*.txt', '--exclude', 'other'], { driver, cwd: top });
    expect(readdirSync(`${top}/dst`)).toEqual(['a.txt', 'extra']);
    for (const args of [['--delete'], ['--files-from', '-'], ['--gitignore']]) {
      const run = await pcopy(['src/a.txt', 'new/name', ...args], { driver, cwd: top, stdin: 'a.txt' });
      expect(expectExit(run, 2).stderr).toContain(`option '${args[0]}' requires a folder as the source`);
    }
    expect(readdirSync(top)).toEqual(['dst', 'src']);
  });

  test('-P copies a link that is typed, whatever it leads to, and changes nothing for anything else', async () => {
    const top = temp();
    plant(top, { 'd/f': file('f'), toDirectory: symlink('d'), toFile: symlink('d/f'), nowhere: symlink('none') });
    for (const link of ['toDirectory', 'toFile', 'nowhere']) {
      await copy(['-P', link, 'new'], { driver, cwd: top });
      expect(readlinkSync(`${top}/new`)).toBe(readlinkSync(`${top}/${link}`));
      unlinkSync(`${top}/new`);
    }
    await copy(['-aP', 'toDirectory', 'd'], { driver, cwd: top });
    expect(readlinkSync(`${top}/d/toDirectory`)).toBe('d');
    unlinkSync(`${top}/d/toDirectory`);
    await copy(['-P', 'toDirectory/', 'followed'], { driver, cwd: top });
    await copy(['-avP', 'd', 'same'], { driver, cwd: top });
    for (const copied of ['followed', 'same']) expect(readdirSync(`${top}/${copied}`)).toEqual(['f']);
    expectExit(await pcopy(['-PL', 'toFile', 'new'], { driver, cwd: top }), 2);
  });

  test('a FIFO, a device, and a link that leads nowhere are refused without -a', async () => {
    const top = temp();
    plant(top, { pipe: fifo(), link: symlink('nowhere') });
    expect(expectExit(await pcopy(['pipe', 'dst'], { driver, cwd: top }), 3).stderr).toMatch(
      /^pcopy: pipe: .* copied only with --archive \(EPCOPY_TYPE\)$/m,
    );
    expect(expectExit(await pcopy(['link', 'dst'], { driver, cwd: top }), 3).stderr).toMatch(
      /^pcopy: link: is a dangling symbolic link: copied only with --source-link or --archive \(ENOENT\)$/m,
    );
    await copy(['-a', 'link', 'dst'], { driver, cwd: top });
    expect(readlinkSync(`${top}/dst`)).toBe('nowhere');
    for (const name of ['pipe', 'link']) expectExit(await pcopy(['-a', name, name], { driver, cwd: top }), 3);
    expect(readdirSync(top)).toEqual(['dst', 'link', 'pipe']);
  });
});

needs('root')(
  '-a: a FIFO and a device are made anew under another name, in a directory, in place of a file',
  async () => {
    const top = temp();
    plant(top, {
      pipe: fifo({ mode: 0o640, mtime: 1_000_000_000_000_000_000n }),
      null: { type: 'character-device', major: 1, minor: 3 },
      alias: symlink('pipe'),
      'into/pipe': file('x'),
      old: file('x'),
    });
    const made = await copy(['-a', 'pipe', 'new/name'], { cwd: top });
    expect(made.stderr).toMatch(/^pcopy: copied 0 files, 1 special file; /m);
    expectSame(`${top}/pipe`, `${top}/new/name`);
    await copy(['-a', 'pipe', 'into'], { cwd: top });
    expectSame(`${top}/pipe`, `${top}/into/pipe`);
    await copy(['-a', 'alias', 'through a link'], { cwd: top });
    expectSame(`${top}/pipe`, `${top}/through a link`);
    const same = await copy(['-a', '-u', 'pipe', 'new/name'], { cwd: top });
    expect(same.stderr).toMatch(/^ {2}1 unchanged$/m);
    await copy(['-a', 'pipe', 'new/name'], { cwd: top });
    expectSame(`${top}/pipe`, `${top}/new/name`);
    expectExit(await pcopy(['-a', 'pipe', 'null'], { cwd: top }), 3);
    await copy(['-a', 'null', 'old'], { cwd: top });
    expectSame(`${top}/null`, `${top}/old`);
  },
);
