import { existsSync, mkdirSync, readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { expectSame, survey } from '../support/compare.ts';
import { needs } from '../support/needs.ts';
import { ODD_NAMES } from '../support/odd-tree.ts';
import { copy, expectExit, ORDINARY, overBothDrivers, pcopy } from '../support/run.ts';
import { temp } from '../support/temp.ts';
import { directory, fifo, file, hardlink, plant, symlink, type Tree } from '../support/tree.ts';
import { timesOf } from './precision.ts';

overBothDrivers((driver) => {
  needs('python3')(
    '--delete removes what the source does not have, of every type and name, and nothing through a link',
    async () => {
      const top = temp();
      const source: Tree = { 'd/kept': file('kept'), 'same type': file('new'), 'e/f': file('f') };
      const extra: Tree = {
        'd/extra': file('x'),
        'gone/with/all': file('x'),
        'empty gone': directory(),
        'closed gone': directory({ mode: 0o000 }),
        pipe: fifo(),
        'link to outside': symlink('../outside'),
        'e/link': symlink('../../outside/canary'),
        ...Object.fromEntries(ODD_NAMES.map((name) => [`odd/${name}`, file('x')])),
      };
      plant(`${top}/outside`, { canary: file('canary') });
      plant(`${top}/src`, source);
      plant(`${top}/dst`, { ...source, ...extra });
      await copy(['--delete', `${top}/src`, `${top}/dst`], { driver });
      expectSame(`${top}/src`, `${top}/dst`, { times: 'ignore' });
      expect(readFileSync(`${top}/outside/canary`, 'utf8')).toBe('canary');
    },
  );

  test('--delete keeps what was excluded from the copy', async () => {
    const top = temp();
    plant(`${top}/src`, { a: file('a'), 'skip/x': file('x') });
    plant(`${top}/dst`, { a: file('a'), 'skip/mine': file('mine'), 'skip/x': file('old'), extra: file('x') });
    await copy(['--delete', '--exclude', 'skip', `${top}/src`, `${top}/dst`], { driver });
    expect(existsSync(`${top}/dst/extra`)).toBe(false);
    expect(readFileSync(`${top}/dst/skip/mine`, 'utf8')).toBe('mine');
    expect(readFileSync(`${top}/dst/skip/x`, 'utf8')).toBe('old');
  });

  needs('root')('--delete never removes anything after a source could not be read', async () => {
    const top = temp();
    plant(`${top}/src`, { 'closed/x': file('x'), closed: directory({ mode: 0o000 }), a: file('a') });
    plant(`${top}/out/dst`, {
      'closed/x': file('x', ORDINARY),
      closed: directory(ORDINARY),
      extra: file('x', ORDINARY),
      '': directory(ORDINARY),
    });
    expectExit(await pcopy(['--delete', `${top}/src`, `${top}/out/dst`], { driver, user: ORDINARY }), 1);
    expect(existsSync(`${top}/out/dst/extra`)).toBe(true);
    expect(existsSync(`${top}/out/dst/closed/x`)).toBe(true);
    expect(existsSync(`${top}/out/dst/a`)).toBe(true);
  });

  const mixed = (attributes = {}) => ({
    source: {
      file: file('f'),
      'sub/deep/g': file('g'),
      'sub/hard': hardlink('file'),
      'at/h': file('h'),
      link: symlink('x'),
    },
    destination: {
      'file/inner/y': file('y', attributes),
      'file/inner': directory(attributes),
      file: directory(attributes),
      sub: file('x', attributes),
      at: symlink('../outside', attributes),
      'link/z': file('z', attributes),
      link: directory(attributes),
    },
  });

  test('--delete replaces a directory where the source has something else, and the reverse', async () => {
    const top = temp();
    plant(`${top}/src`, mixed().source);
    plant(`${top}/dst`, mixed().destination);
    plant(`${top}/outside`, { canary: file('canary') });
    const args = ['--delete', 'src', 'dst', '-v'];
    expectExit(await pcopy(['--max-delete', '6', ...args], { driver, cwd: top }), 1);
    const inTheWay = survey(`${top}/dst`);
    const dry = await copy(['--dry-run', ...args], { driver, cwd: top });
    expect([...survey(`${top}/dst`).keys()]).toEqual([...inTheWay.keys()]);
    const real = await copy([...args, '--max-delete', '7'], { driver, cwd: top });
    const lines = ({ stdout }: { stdout: string }): string[] => stdout.split('\n').sort();
    expect(lines(dry).length).toBe(lines(real).length);
    expect(real.stderr).toMatch(/^ {2}7 deleted$/m);
    expectSame(`${top}/src`, `${top}/dst`, { times: timesOf(driver) });
    expect(readFileSync(`${top}/outside/canary`, 'utf8')).toBe('canary');
  });

  test('--delete replaces no directory that holds what is excluded: an error, the same in a dry run', async () => {
    const top = temp();
    plant(`${top}/src`, { a: file('a'), b: file('b') });
    plant(`${top}/dst`, { 'a/mine': file('mine'), 'b/other': file('x') });
    for (const more of [['--dry-run'], []]) {
      const result = await pcopy(['src', 'dst', '--delete', '--exclude', '**/mine', ...more], { driver, cwd: top });
      expectExit(result, 1);
      expect(result.stderr).toContain('pcopy: dst/a: replace: a directory is in the way (EISDIR)\n');
    }
    expect(readFileSync(`${top}/dst/a/mine`, 'utf8')).toBe('mine');
    expect(readFileSync(`${top}/dst/b`, 'utf8')).toBe('b');
  });

  needs('root')('--delete replaces nothing of another type after a source could not be read', async () => {
    const top = temp();
    const { source, destination } = mixed(ORDINARY);
    plant(`${top}/src`, { ...source, 'closed/x': file('x'), closed: directory({ mode: 0o000 }) });
    plant(`${top}/out/dst`, { ...destination, '': directory(ORDINARY) });
    const result = await pcopy(['--delete', `${top}/src`, `${top}/out/dst`], { driver, user: ORDINARY });
    expectExit(result, 1);
    for (const kept of ['file/inner/y', 'link/z', 'sub']) expect(existsSync(`${top}/out/dst/${kept}`), kept).toBe(true);
    expect(result.stderr).toMatch(/5 failed/);
    expect(result.stderr).toContain('a symbolic link is where a directory should be (ENOTDIR)');
  });

  test('--max-delete: more than that is a failure, and removes nothing', async () => {
    const top = temp();
    plant(`${top}/src`, { a: file('a') });
    mkdirSync(`${top}/dst`);
    plant(`${top}/dst`, { one: file('1'), two: file('2'), three: file('3') });
    expectExit(await pcopy(['--delete', '--max-delete', '2', `${top}/src`, `${top}/dst`], { driver }), 1);
    expect(['one', 'two', 'three'].map((name) => existsSync(`${top}/dst/${name}`))).toEqual([true, true, true]);
    expect(existsSync(`${top}/dst/a`)).toBe(true);
    await copy(['--delete', '--max-delete', '3', `${top}/src`, `${top}/dst`], { driver });
    expectSame(`${top}/src`, `${top}/dst`, { times: 'ignore' });
  });
});
