import { existsSync, mkdirSync, readdirSync, readFileSync, statSync, symlinkSync } from 'node:fs';
import { expect, test } from 'vitest';
import { everything } from '../scan/list.ts';
import { copy, expectExit, overBothDrivers, pcopy, ROOT, startCommand } from '../support/run.ts';
import { temp } from '../support/temp.ts';
import { directory, file, hardlink, plant, symlink } from '../support/tree.ts';

function planted(): string {
  const top = temp();
  plant(top, {
    'one/a/x': file('x'),
    'one/a/skip.o': file('o'),
    'one/b': file('b'),
    'one/link': symlink('a'),
    'one/other': file('not asked for'),
    'two/c': file('c'),
    'two/again': hardlink('one/b'),
    'bad \xff/d': file('d'),
    'one/a': directory({ mode: 0o750 }),
  });
  return top;
}

overBothDrivers((driver) => {
  test('each source goes into the destination under its own name, links as links, hard links together', async () => {
    const top = planted();
    const options = { cwd: top, driver };
    const args = ['one/a', 'one/link', 'two', 'one/b', Buffer.from('bad \xff', 'latin1'), 'new/dest'];
    await copy([...args, '--exclude', 'a/*.o', '--manifest', 'SUMS'], options);
    const all = ['a', 'a/x', 'b', 'bad \xff', 'bad \xff/d', 'link', 'two', 'two/again', 'two/c'];
    expect(everything(`${top}/new/dest`)).toEqual(all);
    expect(statSync(`${top}/new/dest/two/again`).ino).toBe(statSync(`${top}/new/dest/b`).ino);
    expect(statSync(`${top}/new/dest/a`).mode & 0o7777).toBe(0o750);
    expect(statSync(`${top}/new/dest`).mode & 0o7777).toBe(0o777 & ~process.umask());
    expect(
      readFileSync(`${top}/SUMS`, 'latin1')
        .trimEnd()
        .split('\n')
        .map((line) => line.slice(66))
        .sort(),
    ).toEqual(['a/x', 'b', 'bad \xff/d', 'two/again', 'two/c']);
    const { stderr } = await copy([...args, '-u', '--exclude', 'a/*.o'], options);
    expect(stderr).toMatch(/copied nothing|copied 0 files/);
  });
});

test('sources of two directories are one run: the counts go on, and there is one end', async () => {
  const top = planted();
  const { stdout } = await copy(['one/a', 'two/c', 'one/b', 'dest', '--progress', 'json', '-v'], { cwd: top });
  const events = stdout
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line));
  const of = (type: string) => events.filter((event) => event.type === type);
  expect(of('start').map(({ source, sources, merged }) => [source.slice(top.length), sources, merged])).toEqual([
    ['/one', 2, false],
    ['/two', 1, true],
  ]);
  expect(of('scan').at(-1)).toMatchObject({ files: 4, directories: 1, complete: true });
  for (const { files } of of('scan').filter(({ complete }) => complete)) expect(files).toBe(4);
  expect(of('end')).toMatchObject([{ outcome: 'complete', merged: false, totals: { files: 4, directories: 1 } }]);
  expect(
    of('file')
      .map(({ path }) => path)
      .sort(),
  ).toEqual(['a', 'a/skip.o', 'a/x', 'b', 'c']);
});

test('--target-directory takes one source under its own name; beside it in the same folder is no overlap', async () => {
  const top = planted();
  const { stdout } = await copy(['-t', 'one/dest', 'one/a/', '-v'], { cwd: top });
  expect(stdout.split('\n')).toContain('one/a/x -> one/dest/a/x');
  await copy(['--target-directory=one/dest', 'one/b'], { cwd: top });
  expect(everything(`${top}/one/dest`)).toEqual(['a', 'a/skip.o', 'a/x', 'b']);
  const { stdout: here } = await copy(['a', 'b', 'dest2', '--dry-run'], { cwd: `${top}/one` });
  expect(here).toMatch(/^a\/x -> dest2\/a\/x/m);
  expect(existsSync(`${top}/one/dest2`)).toBe(false);
});

test('what cannot be meant is refused before anything is written', async () => {
  const top = planted();
  mkdirSync(`${top}/dest`);
  symlinkSync('one/a', `${top}/way`);
  const before = everything(top);
  const cases: [code: number, args: string[], why: RegExp][] = [
    [3, ['two/c', 'one/a', 'two/../one/a', 'dest'], /two\/\.\.\/one\/a: has the same name .*one\/a/],
    [3, ['one/a', 'two/c', 'one/b'], /one\/b: is not a directory/],
    [3, ['one/a', 'two', 'way'], /same directory/],
    [3, ['one/a', 'one/b', 'one'], /one\/a: source and destination are the same/],
    [3, ['-L', 'way', 'two', 'one/a/new'], /inside the source/],
    [3, ['one/a', 'nothing', 'new'], /nothing: no such file/],
    [3, ['one/a', '..', 'new'], /no name of its own/],
    [2, ['one/a', 'two', 'dest', '--delete'], /--delete' cannot be used with several sources/],
  ];
  const said = await Promise.all(
    cases.map(async ([code, args]) => expectExit(await pcopy(args, { cwd: top }), code).stderr),
  );
  for (const [index, [, args, why]] of cases.entries()) expect(said[index], args.join(' ')).toMatch(why);
  expect(everything(top)).toEqual(before);
});

test('a pattern that matches among one of the sources is of use; one that matches nowhere is told once', async () => {
  const top = planted();
  const { stderr } = await copy(['one/a', 'two/c', 'dest', '--exclude', 'c', '--exclude', 'zzz'], { cwd: top });
  expect(stderr.match(/matches nothing/g)).toHaveLength(1);
  expect(stderr).toContain("--exclude 'zzz' matches nothing");
});

const PROGRAM = `
import { copyTree } from '${ROOT}/dist/index.js';
const one = await copyTree(['one/a'], 'dest');
const two = await copyTree([Buffer.from('two'), 'one/b'], 'dest');
const none = await copyTree([], 'dest').catch((error) => error.name);
console.log(JSON.stringify([one.outcome, two.outcome, two.totals.files, none]));
`;

test('the library takes a list, also of one', async () => {
  const top = planted();
  const { stdout } = expectExit(
    await startCommand(['node', '--input-type=module', '-e', PROGRAM], { cwd: top }).done,
    0,
  );
  expect(JSON.parse(stdout)).toEqual(['complete', 'complete', 2, 'UsageError']);
  expect(readdirSync(`${top}/dest`).sort()).toEqual(['a', 'b', 'two']);
});
