import { lstatSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { bytes } from '../support/bytes.ts';
import { survey } from '../support/compare.ts';
import { ODD_NAMES } from '../support/odd-tree.ts';
import { copy, expectExit, overBothDrivers, pcopy } from '../support/run.ts';
import { temp } from '../support/temp.ts';
import { directory, file, plant, symlink } from '../support/tree.ts';

function files(top: string): string[] {
  return [...survey(top)]
    .filter(([, item]) => item.type !== 'directory')
    .map(([path]) => path)
    .sort();
}

overBothDrivers((driver) => {
  test('just the listed paths, from a file and from stdin, with their parents as they are', async () => {
    const top = temp();
    plant(`${top}/src`, {
      'a/one': file('1'),
      'a/two': file('2'),
      'b/c/three': file('3'),
      link: symlink('a'),
      a: directory({ mode: 0o710 }),
    });
    writeFileSync(`${top}/list`, 'a/one\nb/c/three\nlink\n');
    await copy(['--files-from', `${top}/list`, `${top}/src`, `${top}/dst`], { driver });
    expect(files(`${top}/dst`)).toEqual(['a/one', 'b/c/three', 'link']);
    expect(statSync(`${top}/dst/a`).mode & 0o777).toBe(0o710);
    // No newline at the end, one path twice, and a detour.
    await copy(['--files-from', '-', `${top}/src`, `${top}/stdin`], { driver, stdin: 'a/two\n./a/two\na/one' });
    expect(files(`${top}/stdin`)).toEqual(['a/one', 'a/two']);
  });

  test('-0: every name can be listed', async () => {
    const top = temp();
    const names = ODD_NAMES.map((name) => `odd/${name}`);
    plant(`${top}/src`, Object.fromEntries([...names, 'not listed'].map((name) => [name, file(name)])));
    await copy(['-0', '--files-from', '-', `${top}/src`, `${top}/dst`], { driver, stdin: bytes(names.join('\0')) });
    expect(files(`${top}/dst`)).toEqual([...names].sort());
  });

  test('a listed path that is not there, or leads out of the source, is an error; the others are copied', async () => {
    const top = temp();
    plant(top, { secret: file('secret'), 'src/ok': file('ok'), 'src/out': symlink('..'), 'src/d/x': file('x') });
    const list = 'missing\nok\n../secret\nd/../../secret\n/etc/passwd\nout/secret\n';
    const { code, stderr } = await pcopy(['--files-from', '-', `${top}/src`, `${top}/dst`], { driver, stdin: list });
    expect([1, 2, 3], stderr).toContain(code);
    expect(stderr).toContain('secret');
    if (code === 1) {
      expect(readFileSync(`${top}/dst/ok`, 'utf8')).toBe('ok');
      expect(stderr).toContain('missing');
    }
    for (const path of ['dst/secret', 'dst/out/secret', 'dst/etc', 'dst/passwd']) {
      expect(lstatSync(`${top}/${path}`, { throwIfNoEntry: false })).toBeUndefined();
    }
    const missing = await pcopy(['--files-from', '-', `${top}/src`, `${top}/dst2`], { driver, stdin: 'missing\nok\n' });
    expectExit(missing, 1);
    expect(missing.stderr).toMatch(/^pcopy: .*missing: .+ \(ENOENT\)$/m);
    expect(readFileSync(`${top}/dst2/ok`, 'utf8')).toBe('ok');
  });
});
