import { linkSync, mkdirSync, readFileSync, statSync } from 'node:fs';
import { expect, test } from 'vitest';
import { expectSame } from '../support/compare.ts';
import { needs } from '../support/needs.ts';
import { copy, expectExit, overBothDrivers, pcopy } from '../support/run.ts';
import { failing, traced, tracing } from '../support/strace.ts';
import { temp } from '../support/temp.ts';
import { file, hardlink, plant, symlink, type Tree } from '../support/tree.ts';
import { timesOf } from './precision.ts';

/** Many directories and several workers: the first name and the others meet different ones. */
function spread(): Tree {
  const tree: Tree = {};
  for (let i = 0; i < 40; i++) tree[`d${i}/file`] = file(`content ${i}`);
  for (let i = 0; i < 40; i++) {
    tree[`d${i}/same directory`] = hardlink(`d${i}/file`);
    tree[`d${(i * 7 + 3) % 40}/from ${i}`] = hardlink(`d${i}/file`);
    tree[`e${i}/deeper/from ${i}`] = hardlink(`d${i}/file`);
  }
  return tree;
}

overBothDrivers((driver) => {
  test('names of one file stay names of one file, within and across directories', async () => {
    const top = temp();
    plant(`${top}/src`, { ...spread(), link: symlink('x'), 'a/same link': hardlink('link') });
    await copy([`${top}/src`, `${top}/dst`, '-j', '4'], { driver });
    expectSame(`${top}/src`, `${top}/dst`, { times: timesOf(driver) });
  });

  test('a second run keeps them, also when the copy had fallen apart or belonged together wrongly', async () => {
    const top = temp();
    plant(`${top}/src`, { a: file('one'), b: hardlink('a'), 'd/c': hardlink('a'), x: file('x'), y: file('y') });
    plant(`${top}/dst`, { a: file('one'), b: file('other'), x: file('both'), y: hardlink('x') });
    await copy([`${top}/src`, `${top}/dst`], { driver });
    expectSame(`${top}/src`, `${top}/dst`, { times: timesOf(driver) });
    await copy([`${top}/src`, `${top}/dst`, '-u'], { driver });
    expectSame(`${top}/src`, `${top}/dst`, { times: timesOf(driver) });
  });

  test('a first name that is excluded does not take the others with it', async () => {
    const top = temp();
    plant(`${top}/src`, { 'a/first': file('shared'), 'b/second': hardlink('a/first'), 'c/third': hardlink('a/first') });
    await copy([`${top}/src`, `${top}/dst`, '--exclude', 'a'], { driver });
    expect(readFileSync(`${top}/dst/b/second`, 'utf8')).toBe('shared');
    expect(statSync(`${top}/dst/b/second`).ino).toBe(statSync(`${top}/dst/c/third`).ino);
    expect(statSync(`${top}/dst/b/second`).nlink).toBe(2);
  });

  needs('strace').for(['EPERM', 'EXDEV'])(
    'where a file cannot have another name (%s), each name becomes a file, and that is told',
    async (code) => {
      const top = temp();
      plant(`${top}/src`, { a: file('one'), b: hardlink('a'), 'd/c': hardlink('a'), x: file('x'), y: hardlink('x') });
      const prefix = failing('link,linkat', code);
      const { stderr } = await copy([`${top}/src`, `${top}/dst`], { driver, prefix });
      expect(stderr).toMatch(/not preserved: .*3 hard links/);
      for (const [name, text] of Object.entries({ a: 'one', b: 'one', 'd/c': 'one', x: 'x', y: 'x' })) {
        expect(readFileSync(`${top}/dst/${name}`, 'utf8')).toBe(text);
        expect(statSync(`${top}/dst/${name}`).nlink).toBe(1);
      }
    },
  );

  needs('strace')('a file that has as many names as it may have is copied again for the next ones', async () => {
    const top = temp();
    plant(`${top}/src`, { a: file('one'), b: hardlink('a'), c: hardlink('a') });
    // With libc the first link is the one that gives the copy its name.
    const prefix = failing('link,linkat', `EMLINK:when=${driver === 'libc' ? '2..3' : '1..2'}`);
    await copy([`${top}/src`, `${top}/dst`, '-j', '1'], { driver, prefix });
    for (const name of ['a', 'b', 'c']) expect(readFileSync(`${top}/dst/${name}`, 'utf8')).toBe('one');
  });

  test('when the name that was to be copied fails, the others of its directory are names of one file all the same', async () => {
    const top = temp();
    // Whichever of the three is copied first or last, one of these files has a directory in its place.
    const tree: Tree = {};
    for (const letter of 'abc') {
      tree[`${letter}a`] = file(letter);
      for (const name of 'bc') tree[letter + name] = hardlink(`${letter}a`);
    }
    plant(`${top}/src`, tree);
    for (const name of ['aa', 'bb', 'cc']) mkdirSync(`${top}/dst/${name}`, { recursive: true });
    const result = await pcopy([`${top}/src`, `${top}/dst`, '-j', '1'], { driver });
    expect(expectExit(result, 1).stderr.match(/EISDIR/g)).toHaveLength(3);
    for (const [one, other] of [
      ['ab', 'ac'],
      ['ba', 'bc'],
      ['ca', 'cb'],
    ]) {
      expect(readFileSync(`${top}/dst/${one}`, 'utf8')).toBe(one?.[0]);
      expect(statSync(`${top}/dst/${one}`).ino).toBe(statSync(`${top}/dst/${other}`).ino);
    }
  });

  test('runs that share a destination do not fail over each other, and names of one file stay that', async () => {
    const top = temp();
    const tree: Tree = {};
    for (let i = 0; i < 300; i++) {
      tree[`a${i % 5}/${i}`] = file(`content ${i}`);
      tree[`a${i % 5}/${i} too`] = hardlink(`a${i % 5}/${i}`);
      tree[`b/${i}`] = hardlink(`a${i % 5}/${i}`);
    }
    plant(`${top}/src`, tree);
    // Into nothing, and over what is there.
    for (let round = 0; round < 2; round++) {
      await Promise.all([1, 2, 3].map(() => copy([`${top}/src`, `${top}/dst`, '-j', '2'], { driver })));
      expectSame(`${top}/src`, `${top}/dst`, { times: timesOf(driver) });
    }
  });

  test('a name at the destination that is also a name elsewhere is replaced, not written through', async () => {
    const top = temp();
    plant(`${top}/src`, { file: file('new') });
    plant(`${top}/dst`, { file: file('old') });
    linkSync(`${top}/dst/file`, `${top}/elsewhere`);
    await copy([`${top}/src`, `${top}/dst`], { driver });
    expect(readFileSync(`${top}/dst/file`, 'utf8')).toBe('new');
    expect(readFileSync(`${top}/elsewhere`, 'utf8')).toBe('old');
  });
});

needs('strace').for([
  { names: 'all names of one file', files: 1, each: 1000 },
  { names: 'pairs of names', files: 150, each: 2 },
])('$names are not opened one by one', async ({ files, each }) => {
  const top = temp();
  const tree: Tree = {};
  for (let i = 0; i < files; i++) {
    tree[`d/${i}`] = file('x');
    for (let k = 1; k < each; k++) tree[`d/${i} ${k}`] = hardlink(`d/${i}`);
  }
  plant(`${top}/src`, tree);
  const prefix = tracing(`${top}/calls`, 'openat', 'open');
  await copy([`${top}/src`, `${top}/dst`, '-j', '1'], { driver: 'libc', prefix });
  const opened = traced(`${top}/calls`).filter((line) => /src\/d>, "\d+/.test(line));
  // What the first file is, is only seen when it is open.
  expect(opened.length).toBeGreaterThan(0);
  expect(opened.length).toBeLessThan(files + 4);
  expectSame(`${top}/src`, `${top}/dst`);
});
