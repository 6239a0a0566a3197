import { existsSync, readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { needs } from '../support/needs.ts';
import { copy, expectExit, ORDINARY, overBothDrivers, pcopy } from '../support/run.ts';
import { temp } from '../support/temp.ts';
import { directory, file, plant } from '../support/tree.ts';

overBothDrivers((driver) => {
  needs('root')('what may not be read is named with its cause, once, and everything else is copied', async () => {
    const top = temp();
    plant(`${top}/src`, {
      'a/closed file': file('x', { mode: 0o000 }),
      'a/fine': file('fine'),
      'closed directory/x': file('x'),
      'closed directory': directory({ mode: 0o000 }),
      'listed only/x': file('x'),
      'listed only': directory({ mode: 0o444 }),
      'z/fine': file('fine'),
    });
    plant(`${top}/out`, { '': directory(ORDINARY) });
    const { stdout, stderr } = expectExit(await pcopy(['src', 'out/dst'], { driver, cwd: top, user: ORDINARY }), 1);
    expect(stdout).toBe('');
    const lines = stderr.split('\n');
    for (const name of ['a/closed file', 'closed directory', 'listed only']) {
      const named = lines.filter((line) => line.startsWith('pcopy: ') && line.includes(`/${name}`));
      expect(named.length, `${name} in\n${stderr}`).toBe(1);
      expect(named[0]).toMatch(/^pcopy: .+: .+ \(EACCES\)$/);
    }
    expect(stderr).toMatch(/\b3 failed/);
    for (const path of ['a/fine', 'z/fine']) expect(readFileSync(`${top}/out/dst/${path}`, 'utf8')).toBe('fine');
    expect(existsSync(`${top}/out/dst/a/closed file`)).toBe(false);
  });

  test('an empty selection is a success, and says so', async () => {
    const top = temp();
    plant(`${top}/src`, { a: file('a') });
    const { stderr } = await copy(['--include', 'nothing', `${top}/src`, `${top}/dst`], { driver });
    expect(stderr).toMatch(/0 files|nothing/);
  });

  test('a source that is not one entry: a trailing slash behind a file, an empty word', async () => {
    const top = temp();
    plant(top, { file: file('x') });
    expect([2, 3]).toContain((await pcopy(['file/', 'dst'], { driver, cwd: top })).code);
    expect([2, 3]).toContain((await pcopy(['', 'dst'], { driver, cwd: top })).code);
    expect([2, 3]).toContain((await pcopy(['file', ''], { driver, cwd: top })).code);
    expect(existsSync(`${top}/dst`)).toBe(false);
  });
});
