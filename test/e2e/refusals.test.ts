import { chmodSync, existsSync, linkSync, mkdirSync, readFileSync, symlinkSync } from 'node:fs';
import { expect, test } from 'vitest';
import { differences, survey } from '../support/compare.ts';
import { bindMount, bindOnto } from '../support/mounts.ts';
import { needs } from '../support/needs.ts';
import { copy, type Driver, expectExit, ORDINARY, overBothDrivers, pcopy } from '../support/run.ts';
import { temp } from '../support/temp.ts';
import { directory, file, plant } from '../support/tree.ts';

/** Refused with a reason that names the path, and nothing below the directory is other than before. */
async function expectRefused(top: string, driver: Driver, ...pairs: [string, string][]): Promise<void> {
  const before = survey(top);
  for (const [source, destination] of pairs) {
    const { stdout, stderr } = expectExit(await pcopy([source, destination], { driver, cwd: top }), 3);
    expect(stderr, `${source} ${destination}`).toMatch(/^pcopy: \S.*\S/m);
    expect(stdout).toBe('');
    const after = survey(top);
    for (const item of [...before.values(), ...after.values()]) item.atime = 0n;
    expect(after, `${source} ${destination}`).toEqual(before);
  }
}

overBothDrivers((driver) => {
  test('no such source, and a destination that is not a directory', async () => {
    const top = temp();
    plant(top, { 'src/a': file('a'), file: file('untouched') });
    await expectRefused(
      top,
      driver,
      ['missing', 'dst'],
      ['src/missing/deep', 'dst'],
      ['src/a/b', 'dst'],
      ['src', 'file'],
      ['src', 'file/below'],
    );
  });

  test('a directory onto itself or into itself, under every name it has', async () => {
    const top = temp();
    plant(top, { 'src/a/b': file('b'), 'src/c': file('c'), 'other/x': file('x') });
    symlinkSync('src', `${top}/alias`);
    symlinkSync('../src/a', `${top}/other/inner`);
    symlinkSync('../src', `${top}/other/back`);
    await expectRefused(
      top,
      driver,
      ['src', 'src'],
      ['src', 'src/'],
      ['src', './/src/../src'],
      ['src', `${top}/src`],
      ['src', 'alias'],
      ['alias', 'src'],
      ['src', 'src/a'],
      ['src', 'src/new'],
      ['src', 'src/new/deeper/still'],
      ['src', 'src/a/new/deeper'],
      ['src', 'alias/new'],
      ['src', 'other/inner'],
      ['src', 'other/inner/new'],
      ['src', 'other/../src/new'],
      ['src', 'other/back/new/er'],
      ['.', 'new'],
      ['.', 'other'],
      ['other', 'other/back/../other/new'],
    );
    // `other/back` is a link to `src`, so its `..` is the top: a path that text alone would misjudge.
    await copy(['other', 'other/back/../beside'], { driver, cwd: top });
    expect(readFileSync(`${top}/beside/x`, 'utf8')).toBe('x');
  });

  needs('root')('a directory into itself through a bind mount', async () => {
    const top = temp();
    plant(`${top}/src`, { 'a/b': file('b') });
    const again = bindMount(`${top}/src`);
    const inner = bindMount(`${top}/src/a`);
    await expectRefused(
      top,
      driver,
      ['src', again],
      [again, 'src'],
      ['src', `${again}/new/er`],
      ['src', inner],
      ['src', `${inner}/x`],
    );
  });

  test('a file onto itself, also by another name', async () => {
    const top = temp();
    plant(top, { 'd/file': file('whole'), 'e/other': file('other') });
    linkSync(`${top}/d/file`, `${top}/second`);
    linkSync(`${top}/d/file`, `${top}/e/file`);
    symlinkSync('d/file', `${top}/link`);
    symlinkSync('d', `${top}/dlink`);
    await expectRefused(
      top,
      driver,
      ['d/file', 'd/file'],
      ['d/file', 'd'],
      ['d/file', 'dlink'],
      ['d/file', 'dlink/file'],
      ['d/file', 'second'],
      ['d/file', 'e'],
      ['link', 'd/file'],
      ['d/file', 'link'],
    );
  });

  test('an existing file cannot become a parent; a directory is no place for a tree that is a file', async () => {
    const top = temp();
    plant(top, { 'file/file': file('x'), plain: file('x'), 'target/plain/inside': file('x') });
    await expectRefused(top, driver, ['plain', 'plain/x']);
  });

  needs('root')('a destination that cannot be written at all', async () => {
    const top = temp();
    plant(top, { 'src/a': file('a') });
    mkdirSync(`${top}/locked`);
    chmodSync(`${top}/locked`, 0o555);
    const before = survey(top);
    for (const destination of ['locked', 'locked/new', 'locked/new/er']) {
      expectExit(await pcopy(['src', destination], { driver, cwd: top, user: ORDINARY }), 3);
    }
    const unreadable = `${top}/closed`;
    plant(unreadable, { a: file('a') });
    chmodSync(unreadable, 0o000);
    expect(survey(`${top}/locked`).size).toBe(1);
    expect(before.get('locked')?.mode).toBe(0o555);
  });

  test('a source inside the destination is allowed, and comes out whole', async () => {
    const top = temp();
    plant(top, { 'dst/src/a': file('a'), 'dst/src/deep/b': file('b'), 'dst/other': file('o') });
    await copy(['dst/src', 'dst'], { driver, cwd: top });
    expect(differences(`${top}/dst/src/deep`, `${top}/dst/deep`, { times: 'ignore' })).toEqual([]);
    expect(readFileSync(`${top}/dst/src/a`, 'utf8')).toBe('a');
    expect(readFileSync(`${top}/dst/a`, 'utf8')).toBe('a');
  });

  test('an entry that would land on the source or on its parent is an error for that entry', async () => {
    const top = temp();
    plant(top, {
      'dst/p/src/a': file('a'),
      'dst/p/src/p/src/a': file('would replace the source'),
      'dst/p/src/p/other': file('would land beside it'),
      'dst/p/src/z': file('z'),
    });
    const source = survey(`${top}/dst/p/src`);
    const { stderr } = expectExit(await pcopy(['dst/p/src', 'dst'], { driver, cwd: top }), 1);
    expect(stderr).toMatch(/^pcopy: .*\bp\b.*: .+ \(E\w+\)$/m);
    expect(readFileSync(`${top}/dst/z`, 'utf8')).toBe('z');
    const after = survey(`${top}/dst/p/src`);
    for (const item of [...source.values(), ...after.values()]) item.atime = 0n;
    expect(after).toEqual(source);
  });

  needs('root')('a part of the source that is mounted in the destination is neither written nor deleted', async () => {
    const top = temp();
    plant(`${top}/src`, { 'in/a': file('a'), 'in/b/c': file('c'), 'x/a': file('1'), 'y/b/c': file('2'), z: file('3') });
    plant(`${top}/dst`, { x: directory(), 'y/b': directory(), 'gone/b': directory(), z: file(), old: file() });
    bindOnto(`${top}/src/in`, `${top}/dst/x`);
    bindOnto(`${top}/src/in/b`, `${top}/dst/y/b`);
    bindOnto(`${top}/src/in/b`, `${top}/dst/gone/b`);
    bindOnto(`${top}/src/in/a`, `${top}/dst/z`);
    const source = survey(`${top}/src`);
    for (const options of [['--no-atomic'], ['--delete', '--dry-run'], ['--delete']]) {
      const { stderr } = expectExit(await pcopy([...options, 'src', 'dst'], { driver, cwd: top }), 1);
      expect(stderr).toMatch(/^pcopy: .*dst\/x: enter: .+ \(EPCOPY_OVERLAP\)$/m);
      expect(stderr).toMatch(/^pcopy: .*dst\/y\/b: enter: .+ \(EPCOPY_OVERLAP\)$/m);
      const after = survey(`${top}/src`);
      for (const item of [...source.values(), ...after.values()]) item.atime = 0n;
      expect(after).toEqual(source);
    }
    expect(existsSync(`${top}/dst/gone`)).toBe(true);
    expect(existsSync(`${top}/dst/old`)).toBe(false);
  });

  test('a refusal names the path as it was typed, and where a link leads', async () => {
    const top = temp();
    plant(top, { 'src/a': file('a'), file: file('x'), 'sub/x': file('x') });
    symlinkSync('src', `${top}/alias`);
    const refusal = async (source: string, destination: string, cwd = top) => {
      const { stderr } = expectExit(await pcopy([source, destination], { driver, cwd }), 3);
      return stderr.split('\n')[0];
    };
    expect(await refusal('missing', 'dst')).toBe('pcopy: missing: no such file or directory (ENOENT)');
    expect(await refusal(`${top}/missing`, 'dst')).toMatch(`pcopy: ${top}/missing: no such`);
    expect(await refusal('src', 'file')).toBe('pcopy: file: is not a directory (ENOTDIR)');
    expect(await refusal('src', './src/./in/')).toMatch(
      /^pcopy: \.\/src\/\.\/in\/: the destination lies inside the source \(/,
    );
    expect(await refusal('src', 'alias')).toBe(
      `pcopy: alias: source and destination are the same directory: it leads to ${top}/src (EPCOPY_OVERLAP)`,
    );
    expect(await refusal(`${top}/src`, `${top}/src/in`)).toMatch(`pcopy: ${top}/src/in: the destination lies`);
    expect(await refusal('../file', '../file', `${top}/sub`)).toMatch('pcopy: ../file: source and destination are');
  });
});
