import { readdirSync, readFileSync, rmdirSync, symlinkSync, unlinkSync, writeFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { expectSame } from '../support/compare.ts';
import { bindMount, bindOnto } from '../support/mounts.ts';
import { needs } from '../support/needs.ts';
import { copy, expectExit, pcopy } from '../support/run.ts';
import { temp } from '../support/temp.ts';
import { directory, fifo, file, plant, symlink, type Tree } from '../support/tree.ts';
import { everything } from './list.ts';

const SOURCE = { a: file('a'), 'keep/x': file('x'), 'both/f': file('f') };

test('what the source lacks goes, links unfollowed; the dry run says the same before', async () => {
  const top = temp();
  plant(`${top}/src`, SOURCE);
  plant(`${top}/precious`, { p: file('p') });
  plant(`${top}/dst`, {
    'gone/sub/y': file(),
    'gone/z': file(),
    'keep/extra': file(),
    'keep/link': symlink('../../precious'),
    link: symlink('../precious'),
    empty: directory(),
    pipe: fifo(),
    'new\nline/\xff': file(),
  });
  const deleted = (text: string) =>
    text
      .split('\n')
      .filter((line) => line.startsWith('deleted '))
      .sort();
  const dry = await copy([`${top}/src`, `${top}/dst`, '--delete', '--dry-run']);
  const real = await copy([`${top}/src`, `${top}/dst`, '--delete', '-v']);
  expect(deleted(dry.stdout.replaceAll('would delete ', 'deleted '))).toEqual(deleted(real.stdout));
  expect(deleted(real.stdout)).toHaveLength(11);
  expectSame(`${top}/src`, `${top}/dst`);
  expect(readdirSync(`${top}/precious`)).toEqual(['p']);
});

test('what the filters leave out stays, with the directories it lies in', async () => {
  const top = temp();
  plant(`${top}/src`, { ...SOURCE, 'keep/.gitignore': file('*.o\n'), 'keep/y.o': file() });
  plant(`${top}/dst`, {
    'old/in/keep.bak': file(),
    'old/in/go': file(),
    'old/go/x': file(),
    'keep/z.o': file(),
    'keep/go': file(),
    'cache/deep/file': file(),
    'go/x': file(),
  });
  const args = ['--delete', '--exclude', '**/*.bak', '--exclude', 'cache/', '--gitignore'];
  const { stderr } = await copy([`${top}/src`, `${top}/dst`, ...args]);
  expect(stderr).not.toContain('EPCOPY_NOMATCH');
  expect(everything(`${top}/dst`)).toEqual([
    'a',
    'both',
    'both/f',
    'cache',
    'cache/deep',
    'cache/deep/file',
    'keep',
    'keep/.gitignore',
    'keep/x',
    'keep/z.o',
    'old',
    'old/in',
    'old/in/keep.bak',
  ]);
});

test('with --include only what it selects can go', async () => {
  const top = temp();
  plant(`${top}/src`, { 'a.txt': file() });
  plant(`${top}/dst`, { 'b.txt': file(), 'b.md': file(), 'd/c.txt': file(), 'd/c.md': file() });
  const nothing = await copy([`${top}/src`, `${top}/dst`, '--delete', '--include', 'none']);
  expect(nothing.stderr).toMatch(/EPCOPY_NOMATCH[\s\S]*EPCOPY_EMPTY/);
  expect(everything(`${top}/dst`)).toHaveLength(5);
  await copy([`${top}/src`, `${top}/dst`, '--delete', '--include', '**/*.txt']);
  expect(everything(`${top}/dst`)).toEqual(['a.txt', 'b.md', 'd', 'd/c.md']);
});

test('an empty source empties the destination, and with --strict nothing is deleted', async () => {
  const top = temp();
  plant(`${top}/src`, { '': directory() });
  plant(`${top}/dst`, { 'a.txt': file(), 'd/c.txt': file() });
  const args = [`${top}/src`, `${top}/dst`, '--delete'];
  const { stderr } = expectExit(await pcopy([...args, '--strict']), 1);
  expect(stderr).toContain('warning: nothing is deleted, because there is nothing to copy (EPCOPY_DELETE)');
  expect(everything(`${top}/dst`)).toHaveLength(3);
  expect((await copy(args)).stderr).toContain('EPCOPY_EMPTY');
  expect(everything(`${top}/dst`)).toEqual([]);
});

test('more than --max-delete is an error and deletes nothing; entries of directories count', async () => {
  const top = temp();
  plant(`${top}/src`, SOURCE);
  plant(`${top}/dst`, { 'd/1': file(), 'd/2': file(), e: file() });
  const args = [`${top}/src`, `${top}/dst`, '--delete', '--max-delete'];
  const { stderr } = expectExit(await pcopy([...args, '3']), 1);
  expect(stderr).toContain('4 entries would be deleted');
  expect(readdirSync(`${top}/dst`)).toContain('d');
  await copy([...args, '4']);
  expectSame(`${top}/src`, `${top}/dst`);
});

test('a source that cannot be read deletes nothing at all, nor what has the place of something else', async () => {
  const top = temp();
  plant(`${top}/src`, { x: file('a file'), y: symlink('nowhere'), 'z/1': file() });
  plant(`${top}/dst`, { 'x/inside': file(), 'y/inside': file(), z: file('a file'), old: file() });
  const { stderr } = expectExit(await pcopy([`${top}/src`, `${top}/dst`, '--delete', '-L']), 1);
  expect(stderr).toContain('nothing is deleted');
  expect(everything(`${top}/dst`)).toEqual(['old', 'x', 'x/inside', 'y', 'y/inside', 'z']);
  await copy([`${top}/src`, `${top}/dst`, '--delete']);
  expect(everything(`${top}/dst`)).toEqual(['x', 'y', 'z', 'z/1']);
});

test('temporary files of runs that may live are left; those of dead runs go', async () => {
  const top = temp();
  plant(`${top}/src`, SOURCE);
  const far = '.pcopy-n-00000000-1-0123456789abcdef-1-0.tmp';
  plant(`${top}/dst`, { [`gone/${far}`]: file(), 'gone/x': file(), [`keep/${far}`]: file() });
  await copy([`${top}/src`, `${top}/dst`, '--delete']);
  expect(everything(`${top}/dst`)).toEqual([
    'a',
    'both',
    'both/f',
    'gone',
    `gone/${far}`,
    'keep',
    `keep/${far}`,
    'keep/x',
  ]);
});

test('a source inside the destination is never deleted, nor what lies beside it', async () => {
  const top = temp();
  plant(`${top}/dst`, { 'p/src/a': file('a'), 'p/other': file(), 'old/x': file() });
  await copy([`${top}/dst/p/src`, `${top}/dst`, '--delete']);
  expect(everything(`${top}/dst`)).toEqual(['a', 'p', 'p/other', 'p/src', 'p/src/a']);
});

needs('root')('nor a source that is mounted somewhere in the destination', async () => {
  const top = temp();
  plant(`${top}/src`, SOURCE);
  const dst = bindMount(`${top}/src`).replace(/\/[^/]*$/, '');
  await copy([`${top}/src`, dst, '--delete']);
  expect(everything(`${top}/src`)).toEqual(['a', 'both', 'both/f', 'keep', 'keep/x']);
  expect(readdirSync(dst)).toContain('mount');
});

test('a single file deletes nothing, and does not take the option; nor does a run into nothing', async () => {
  const top = temp();
  plant(`${top}/src`, SOURCE);
  plant(`${top}/dst`, { old: file() });
  expectExit(await pcopy([`${top}/src/a`, `${top}/dst`, '--delete']), 2);
  expect(readdirSync(`${top}/dst`)).toEqual(['old']);
  await copy([`${top}/src`, `${top}/new`, '--delete']);
  expectSame(`${top}/src`, `${top}/new`);
});

test('-L compares with what links lead to', async () => {
  const top = temp();
  plant(`${top}/real`, { in: file('in') });
  plant(`${top}/src`, { a: file() });
  symlinkSync('../real', `${top}/src/dir`);
  plant(`${top}/dst`, { 'dir/old': file() });
  await copy([`${top}/src`, `${top}/dst`, '--delete', '-L']);
  expect(everything(`${top}/dst`)).toEqual(['a', 'dir', 'dir/in']);
  writeFileSync(`${top}/real/in`, 'still');
  expect(readFileSync(`${top}/src/dir/in`, 'utf8')).toBe('still');
});

test('with --retry-from all of the destination is compared, and what is copied again stays', async () => {
  const top = temp();
  plant(`${top}/src`, SOURCE);
  plant(`${top}/dst`, { old: file(), 'keep/old': file(), 'gone/x': file(), a: directory(), both: file() });
  const args = [`${top}/src`, `${top}/dst`];
  writeFileSync(`${top}/log`, expectExit(await pcopy([...args, '--progress', 'json']), 1).stdout);
  rmdirSync(`${top}/dst/a`);
  unlinkSync(`${top}/dst/both`);
  plant(`${top}/dst`, { 'both/old': file() });
  await copy([...args, '--delete', '--retry-from', `${top}/log`]);
  expectSame(`${top}/src`, `${top}/dst`, { times: 'ignore' });
});

needs('root')(
  'the contents of a big tree are removed by all workers; what cannot be removed is reported once',
  async () => {
    const top = temp();
    plant(`${top}/src`, SOURCE);
    const tree: Tree = { 'gone/1': file(), 'gone/busy/in/f': file() };
    for (let i = 0; i < 80; i++) Object.assign(tree, { [`gone/d${i}/sub/f`]: file(), [`gone/d${i}/f`]: file() });
    plant(`${top}/dst`, tree);
    bindOnto(`${top}/src/a`, `${top}/dst/gone/busy/in/f`);
    const args = [`${top}/src`, `${top}/dst`, '--delete', '-j', '4', '-v'];
    const lines = (text: string): number => text.match(/^(would delete|deleted) /gm)?.length ?? 0;
    const dry = await copy([...args, '--dry-run']);
    expect(lines(dry.stdout)).toBe(325);
    const { stdout, stderr } = expectExit(await pcopy(args), 1);
    expect(lines(stdout)).toBe(321);
    expect(stderr.match(/^pcopy: .*\((EBUSY|ENOTEMPTY)\)$/gm)).toHaveLength(4);
    expect(everything(`${top}/dst/gone`)).toEqual(['busy', 'busy/in', 'busy/in/f']);
  },
);
