import { lstatSync, readFileSync, readlinkSync, statSync } from 'node:fs';
import { expect, test } from 'vitest';
import { expectSame } from '../support/compare.ts';
import { copy, expectExit, overBothDrivers, pcopy } from '../support/run.ts';
import { temp } from '../support/temp.ts';
import { directory, file, plant, symlink } from '../support/tree.ts';
import { timesOf } from './precision.ts';

overBothDrivers((driver) => {
  test('links are copied verbatim, with their own times, whatever they point to', async () => {
    const top = temp();
    const mtime = 1_000_000_000_987_654_000n;
    plant(`${top}/src`, {
      dangling: symlink('nowhere', { mtime }),
      loop: symlink('loop', { mtime }),
      'a/up': symlink('../..', { mtime }),
      'a/absolute': symlink('/etc', { mtime }),
      'a/slash': symlink('x/', { mtime }),
      'a/odd': symlink('\xff\n*', { mtime }),
      long: symlink('x/'.repeat(2000), { mtime }),
    });
    await copy([`${top}/src`, `${top}/dst`], { driver });
    expectSame(`${top}/src`, `${top}/dst`, { times: timesOf(driver) });
  });

  test('a link at the place of a file is replaced, and its target stays untouched', async () => {
    const top = temp();
    plant(`${top}/outside`, { target: file('canary', { mode: 0o600 }) });
    plant(`${top}/src`, { file: file('new'), dangling: file('new'), link: symlink('new') });
    plant(`${top}/dst`, {
      file: symlink('../outside/target'),
      dangling: symlink('../outside/not there'),
      link: symlink('../outside/target'),
    });
    await copy([`${top}/src`, `${top}/dst`], { driver });
    expect(lstatSync(`${top}/dst/file`).isFile()).toBe(true);
    expect(lstatSync(`${top}/dst/dangling`).isFile()).toBe(true);
    expect(readlinkSync(`${top}/dst/link`)).toBe('new');
    expect(readFileSync(`${top}/outside/target`, 'utf8')).toBe('canary');
    expect(statSync(`${top}/outside/target`).mode & 0o777).toBe(0o600);
    expect(() => lstatSync(`${top}/outside/not there`)).toThrow('ENOENT');
  });

  test('a link where a directory should be is an error for that subtree, and nothing goes through it', async () => {
    const top = temp();
    plant(`${top}/outside`, { canary: file('canary') });
    plant(`${top}/src`, {
      'sub/canary': file('written'),
      'sub/deep/er': file('x'),
      'deep/down/sub/x': file('x'),
      ok: file('ok'),
    });
    plant(`${top}/dst`, { sub: symlink('../outside'), 'deep/down/sub': symlink('/etc') });
    const { stderr } = expectExit(await pcopy([`${top}/src`, `${top}/dst`, '-j', '2'], { driver }), 1);
    expectSame(`${top}/outside`, `${top}/outside`);
    expect(readFileSync(`${top}/outside/canary`, 'utf8')).toBe('canary');
    expect(() => lstatSync(`${top}/outside/deep`)).toThrow('ENOENT');
    expect(() => lstatSync('/etc/x')).toThrow('ENOENT');
    expect(readlinkSync(`${top}/dst/sub`)).toBe('../outside');
    expect(readFileSync(`${top}/dst/ok`, 'utf8')).toBe('ok');
    expect(stderr).toMatch(/^pcopy: .*sub.*: .+ \(E\w+\)$/m);
    expect(stderr).toMatch(/^pcopy: .*deep\/down\/sub.*: .+ \(E\w+\)$/m);
  });

  test('links in the source are not followed, so a link to a directory is one entry', async () => {
    const top = temp();
    plant(`${top}/src`, { 'real/file': file('x'), alias: symlink('real'), self: symlink('.'), root: symlink('/') });
    plant(`${top}/src/real/sub`, { '': directory() });
    await copy([`${top}/src`, `${top}/dst`], { driver });
    expectSame(`${top}/src`, `${top}/dst`, { times: timesOf(driver) });
  });
});
