import { lstatSync, readFileSync, truncateSync, writeFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { survey } from '../support/compare.ts';
import { needs } from '../support/needs.ts';
import { copy, expectExit, overBothDrivers, pcopy } from '../support/run.ts';
import { temp } from '../support/temp.ts';
import { fifo, file, plant, symlink } from '../support/tree.ts';

overBothDrivers((driver) => {
  test('-L copies what links point to, files and directories, in the source and outside', async () => {
    const top = temp();
    const mtime = 1_234_567_890_000_000_000n;
    plant(`${top}/outside`, { 'd/deep': file('deep'), plain: file('plain', { mode: 0o640, mtime }) });
    plant(`${top}/src`, {
      'real/file': file('real'),
      directory: symlink('real'),
      'a/file': symlink('../real/file'),
      'a/chain': symlink('file'),
      'a/out': symlink('../../outside'),
      'a/plain': symlink('../../outside/plain'),
    });
    await copy([`${top}/src`, `${top}/dst`, '-L'], { driver });
    const expected = {
      'directory/file': 'real',
      'a/file': 'real',
      'a/chain': 'real',
      'a/out/d/deep': 'deep',
      'a/plain': 'plain',
    };
    for (const [path, content] of Object.entries(expected)) {
      expect(lstatSync(`${top}/dst/${path}`).isFile(), path).toBe(true);
      expect(readFileSync(`${top}/dst/${path}`, 'utf8')).toBe(content);
    }
    expect(lstatSync(`${top}/dst/directory`).isDirectory()).toBe(true);
    expect(lstatSync(`${top}/dst/a/plain`).mode & 0o777).toBe(0o640);
    expect(lstatSync(`${top}/dst/a/plain`, { bigint: true }).mtimeNs).toBe(mtime);
  });

  test('-L: loops and dangling links are one error each, and the rest is copied', async () => {
    const top = temp();
    plant(`${top}/src`, {
      'ok/file': file('ok'),
      'ok/self-dir': symlink('.'),
      'ok/up-dir': symlink('..'),
      'self-loop': symlink('self-loop'),
      'ping-loop': symlink('pong-loop'),
      'pong-loop': symlink('ping-loop'),
      'dangling-link': symlink('nowhere'),
      'x/to-y': symlink('../y'),
      'y/to-x': symlink('../x'),
    });
    const { stderr } = expectExit(await pcopy([`${top}/src`, `${top}/dst`, '-L'], { driver }), 1);
    expect(readFileSync(`${top}/dst/ok/file`, 'utf8')).toBe('ok');
    const lines = stderr.split('\n').filter((line) => /^pcopy: .*\(E\w+\)$/.test(line));
    for (const name of ['self-dir', 'up-dir', 'self-loop', 'ping-loop', 'pong-loop', 'dangling-link']) {
      const count = lines.filter((line) => line.includes(`/${name}:`) || line.includes(` ${name}:`)).length;
      expect(count, `${name} in:\n${stderr}`).toBe(1);
    }
    expect(lstatSync(`${top}/dst/x/to-y`).isDirectory()).toBe(true);
    expect(() => lstatSync(`${top}/dst/ok/self-dir/self-dir`)).toThrow('ENOENT');
  });

  test('-L --no-atomic: a link whose target is the destination file itself empties nothing', async () => {
    const top = temp();
    plant(top, { 'dst/f': file('data'), 'src/f': symlink('../dst/f') });
    const { stderr } = expectExit(await pcopy([`${top}/src`, `${top}/dst`, '-L', '--no-atomic'], { driver }), 1);
    expect(stderr).toContain('same file');
    expect(readFileSync(`${top}/dst/f`, 'utf8')).toBe('data');
  });

  test('-L follows a link to a file that is big enough to be shared by the workers', async () => {
    const top = temp();
    const size = 70 * 1024 * 1024;
    plant(top, { 'src/l': symlink('../big') });
    writeFileSync(`${top}/big`, 'begins');
    truncateSync(`${top}/big`, size);
    await copy([`${top}/src`, `${top}/dst`, '-L', '-j', '2'], { driver });
    expect(lstatSync(`${top}/dst/l`)).toMatchObject({ size });
    expect(lstatSync(`${top}/dst/l`).isFile()).toBe(true);
  });

  needs('python3')('-L does not open a FIFO that a link points to', async () => {
    const top = temp();
    plant(top, { pipe: fifo(), 'src/link': symlink('../pipe'), 'src/file': file('x') });
    const { code, stderr } = await pcopy([`${top}/src`, `${top}/dst`, '-L'], { driver });
    expect([0, 1]).toContain(code);
    expect(stderr).toContain('link');
    expect(readFileSync(`${top}/dst/file`, 'utf8')).toBe('x');
  });
});

test('-L: a link that leads nowhere is no error where it is left out, and --delete goes on', async () => {
  const top = temp();
  plant(`${top}/src`, {
    'a/dangling.tmp': symlink('nowhere'),
    'a/loop.tmp': symlink('loop.tmp'),
    'a/kept': file('kept'),
    '.gitignore': file('ignored\n'),
    ignored: symlink('nowhere'),
  });
  plant(`${top}/dst`, { extra: file('to go') });
  const out = ['--exclude', '**/*.tmp', '--gitignore'];
  await copy([`${top}/src`, `${top}/dst`, '-L', '--delete', ...out]);
  expect(survey(`${top}/dst`).has('extra')).toBe(false);
  expect([...survey(`${top}/dst`).keys()]).toEqual(['', '.gitignore', 'a', 'a/kept']);
  const { stderr } = expectExit(await pcopy([`${top}/src`, `${top}/dst`, '-L', '--gitignore']), 1);
  expect(stderr).toContain('2 failed');
  const stdin = 'a/kept\na/dangling.tmp\n';
  await copy([`${top}/src`, `${top}/listed`, '-L', ...out, '--files-from', '-'], { stdin });
});
