import { spawn, spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync } from 'node:fs';
import { expect, onTestFinished, type TestAPI, test } from 'vitest';
import { foldName, NameCollisions } from '../../src/plan/case-collisions.ts';
import { utf8 } from '../support/bytes.ts';
import { bindOnto } from '../support/mounts.ts';
import { needs } from '../support/needs.ts';
import { copy, expectExit, pcopy, ROOT, until } from '../support/run.ts';
import { temp } from '../support/temp.ts';
import { directory, file, plant } from '../support/tree.ts';

// Debian's python3-fusepy; an interpreter of one's own does not see it.
const PYTHON = '/usr/bin/python3';

function withFuse(): TestAPI {
  const there = existsSync('/dev/fuse') && spawnSync(PYTHON, ['-c', 'import fusepy']).status === 0;
  return there ? needs('root', 'fusermount') : needs('python3-fusepy');
}

/** A directory that takes names that differ in case for one. */
async function mountFolding(top = temp()): Promise<string> {
  mkdirSync(`${top}/shown`);
  mkdirSync(`${top}/mount`);
  const child = spawn(PYTHON, [`${ROOT}/test/plan/fixtures/folding.py`, `${top}/shown`, `${top}/mount`]);
  onTestFinished(() => {
    spawnSync('umount', ['--lazy', `${top}/mount`]);
    child.kill();
  });
  await until(() => spawnSync('mountpoint', ['-q', `${top}/mount`]).status === 0, 'the mount');
  return `${top}/mount`;
}

withFuse()('names that would be one are refused before anything is written; both are said', async () => {
  const top = temp();
  plant(`${top}/src`, { 'd/File': file('1'), 'd/FILE': file('2'), e: file() });
  plant(`${top}/dirs`, { 'A/x': file(), 'a/y': file() });
  const dst = await mountFolding();
  for (const args of [
    [`${top}/src`],
    [`${top}/dirs`],
    [`${top}/dirs`, '--include', '**/[xy]'],
    [`${top}/src`, '--no-preflight'],
  ]) {
    const { stderr } = expectExit(await pcopy([...args, dst]), 3);
    expect(stderr).toMatch(/: (d\/File|d\/FILE|a|A): has the same name as (d\/FILE|d\/File|A|a) at .*EPCOPY_NAMES/);
    expect(readdirSync(dst)).toEqual([]);
  }
  await copy([`${top}/src`, dst, '--exclude', 'd/FILE']);
  expect(readdirSync(`${dst}/d`)).toEqual(['File']);
});

withFuse()('the same in what is mounted inside the destination, and only there', async () => {
  const top = temp();
  plant(`${top}/src`, { a: file('1'), A: file('2'), 'mount/d/File': file('1'), 'mount/d/FILE': file('2') });
  mkdirSync(`${top}/dst`);
  const mount = await mountFolding(`${top}/dst`);
  const { stderr } = expectExit(await pcopy([`${top}/src`, `${top}/dst`]), 3);
  expect(stderr).toMatch(/mount\/d\/(File|FILE): has the same name as mount\/d\/(FILE|File) at .*EPCOPY_NAMES/);
  expect(readdirSync(`${top}/dst`).sort()).toEqual(['mount', 'shown']);
  await copy([`${top}/src`, `${top}/dst`, '--exclude', 'mount/d/FILE']);
  expect(readdirSync(`${top}/dst`).sort()).toEqual(['A', 'a', 'mount', 'shown']);
  expect(readdirSync(`${mount}/d`)).toEqual(['File']);
});

withFuse()('--delete takes a name in other case for the same', async () => {
  const top = temp();
  plant(`${top}/src`, { 'Dir/File': file('1') });
  const dst = await mountFolding();
  plant(dst, { 'dir/file': file('0'), 'dir/old': file() });
  await copy([`${top}/src`, dst, '--delete']);
  expect(readdirSync(dst)).toEqual(['dir']);
  expect(readdirSync(`${dst}/dir`).map((name) => name.toLowerCase())).toEqual(['file']);
});

withFuse()(
  '--delete knows a name in other case where only a directory below the top takes it for the same',
  async () => {
    const top = temp();
    plant(`${top}/src`, { 'd/File': file('1'), 'd/Sub/x': file('x') });
    plant(`${top}/dst`, { d: directory(), D: file() });
    const mount = await mountFolding();
    plant(mount, { file: file('0'), old: file(), 'sub/X': file(), 'sub/old': file() });
    bindOnto(mount, `${top}/dst/d`);
    await copy([`${top}/src`, `${top}/dst`, '--delete', '-u']);
    expect(readdirSync(`${top}/dst`)).toEqual(['d']);
    expect(
      readdirSync(`${top}/dst/d`)
        .map((name) => name.toLowerCase())
        .sort(),
    ).toEqual(['file', 'sub']);
    expect(readdirSync(`${top}/dst/d/sub`).map((name) => name.toLowerCase())).toEqual(['x']);
  },
);

test('where case counts, names that differ in it are two', async () => {
  const top = temp();
  plant(`${top}/src`, { a: file('1'), A: file('2') });
  await copy([`${top}/src`, `${top}/dst`]);
  await copy([`${top}/src`, `${top}/DST`]);
  expect(readdirSync(`${top}/dst`).sort()).toEqual(['A', 'a']);
});

test('folding: case, normalisation, and bytes that are not text', () => {
  const same = (a: string, b: string) => expect(foldName(a)).toBe(foldName(b));
  same('README', 'readme');
  same(utf8('É'), utf8('é'));
  same(utf8('é'), utf8('e\u0301'));
  same(utf8('straße'), utf8('STRASSE'));
  same('\xffA', '\xffa');
  expect(foldName('a')).not.toBe(foldName('b'));
  expect(foldName('\xff')).not.toBe(foldName('\xfe'));
});

test('clashes are found across jobs of one directory, between directories, and in lists of any order', () => {
  const add = (keepAll: boolean, ...groups: [string, string][]) => {
    const clashes = new NameCollisions([''], keepAll);
    for (const [dir, names] of groups) clashes.add({ dir, names, types: '' });
  };
  expect(() => add(false, ['d', 'a/b'], ['d', 'B'])).toThrow('the same name as d/B at');
  expect(() => add(false, ['d', 'a'], ['e', 'A'])).not.toThrow();
  expect(() => add(false, ['d/x', 'a'], ['D/x', 'b'])).toThrow('the same name as D at');
  expect(() => add(true, ['d', 'a'], ['e', 'x'], ['d', 'A'])).toThrow('the same name as d/A at');
  expect(() => add(true, ['d', 'a'], ['d', 'a'])).not.toThrow();
});
