import {
  appendFileSync,
  closeSync,
  existsSync,
  lstatSync,
  mkdirSync,
  openSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  truncateSync,
  utimesSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import { expect, test } from 'vitest';
import { childrenOf, openFiles } from '../support/processes.ts';
import { expectExit, overBothDrivers, start, until } from '../support/run.ts';
import { temp } from '../support/temp.ts';
import { directory, file, plant } from '../support/tree.ts';
import { SLOW, slowFile } from './slow.ts';

const CHANGES: Record<string, (path: string) => void> = {
  shrinks: (path) => truncateSync(path, 10),
  'becomes empty': (path) => truncateSync(path, 0),
  grows: (path) => appendFileSync(path, 'one line more\n'),
  'is written to and gets its old time back': (path) => {
    const { atime, mtime } = statSync(path);
    const handle = openSync(path, 'r+');
    writeSync(handle, 'other', 0);
    closeSync(handle);
    utimesSync(path, atime, mtime);
  },
};

overBothDrivers((driver) => {
  test.each(Object.keys(CHANGES))('a source that %s while it is read is an error, and no file', async (change) => {
    const top = temp();
    plant(`${top}/src`, { 'd/file': slowFile(1_000_000), other: file('other') });
    // A time that can be put back whole.
    utimesSync(`${top}/src/d/file`, 1, 1);
    plant(`${top}/dst`, { 'd/file': file('as it was') });
    const run = start([...SLOW, '-j', '2', `${top}/src`, `${top}/dst`], { driver });
    const reading = () => childrenOf(run.pid).some(({ pid }) => openFiles(pid).includes(`${top}/src/d/file`));
    await until(reading, 'the file in hand');
    CHANGES[change]?.(`${top}/src/d/file`);
    const { stderr } = expectExit(await run.done, 1);
    expect(stderr).toMatch(/^pcopy: .*d\/file: .+ \(\w+\)$/m);
    expect(readFileSync(`${top}/dst/d/file`, 'utf8')).toBe('as it was');
    expect(readFileSync(`${top}/dst/other`, 'utf8')).toBe('other');
  });

  test('a directory that another one replaces while it is copied does not get the mode of that one', async () => {
    const top = temp();
    plant(`${top}/src`, {
      d: directory({ mode: 0o700 }),
      'd/file': slowFile(1_000_000),
      kept: directory(),
      'kept/file': slowFile(100),
      'other/file': file('other'),
    });
    plant(`${top}/new`, { '': directory({ mode: 0o755 }), file: file('new') });
    mkdirSync(`${top}/dst/kept`, { recursive: true });
    utimesSync(`${top}/src/kept`, 1, 1);
    const run = start([...SLOW, '-j', '2', `${top}/src`, `${top}/dst`], { driver });
    const reading = () => childrenOf(run.pid).some(({ pid }) => openFiles(pid).includes(`${top}/src/d/file`));
    await until(reading, 'the file in hand');
    renameSync(`${top}/src/d`, `${top}/old`);
    renameSync(`${top}/new`, `${top}/src/d`);
    const { stderr } = expectExit(await run.done, 1);
    expect(stderr).toMatch(/^pcopy: .*d: stat: was replaced while it was copied \(EPCOPY_CHANGED\)$/m);
    expect(lstatSync(`${top}/dst/d`).mode & 0o7777).toBe(0o1700);
    expect(lstatSync(`${top}/dst/other`).mode).toBe(lstatSync(`${top}/src/other`).mode);
    expect(lstatSync(`${top}/dst/kept`).mtimeMs).toBe(1000);
  });

  test('entries that vanish or change their type before their turn are errors of their own', async () => {
    const top = temp();
    const later = ['vanishes', 'becomes a directory', 'becomes a link'];
    plant(`${top}/src`, {
      ...Object.fromEntries(later.map((name) => [name, file('x')])),
      '0 first': slowFile(1_000_000),
      last: file('last'),
    });
    const run = start([...SLOW, '-j', '1', `${top}/src`, `${top}/dst`], { driver });
    await until(
      () => childrenOf(run.pid).some(({ pid }) => openFiles(pid).includes(`${top}/src/0 first`)),
      'the first file',
    );
    const untouched = later.every((name) => !existsSync(`${top}/dst/${name}`));
    for (const name of later) rmSync(`${top}/src/${name}`);
    mkdirSync(`${top}/src/becomes a directory`);
    writeFileSync(`${top}/secret`, 'secret');
    symlinkSync(`${top}/secret`, `${top}/src/becomes a link`);
    const { code, stderr } = await run.done;
    // A file system may list the slow one last; then there was nothing to catch.
    if (!untouched) return;
    expect(code, stderr).toBe(1);
    expect(stderr).toMatch(/^pcopy: .*vanishes: .+ \(ENOENT\)$/m);
    expect(stderr).toMatch(/^pcopy: .*becomes a directory: .+ \(\w+\)$/m);
    expect(readFileSync(`${top}/dst/last`, 'utf8')).toBe('last');
    const link = lstatSync(`${top}/dst/becomes a link`, { throwIfNoEntry: false });
    expect(link?.isFile() ?? false).toBe(false);
  });
});
