import { symlinkSync } from 'node:fs';
import { expect, test } from 'vitest';
import { compilePatterns } from '../../src/scan/patterns.ts';
import { Turns } from '../../src/scan/turns.ts';
import { copy, expectExit, overBothDrivers, pcopy } from '../support/run.ts';
import { temp } from '../support/temp.ts';
import { directory, file, plant, symlink } from '../support/tree.ts';
import { everything } from './list.ts';

overBothDrivers((driver) => {
  test('--gitignore leaves out what the files on the way say', async () => {
    const top = temp();
    plant(`${top}/src`, {
      '.gitignore': file('*.o\n/out\n'),
      'a.o': file(),
      'out/x': file(),
      'sub/.gitignore': file('!keep.o\n'),
      'sub/keep.o': file(),
      'sub/other.o': file(),
      'sub/out/x': file(),
      '.git/config': file(),
    });
    await copy([`${top}/src`, `${top}/dst`, '--gitignore'], { driver });
    expect(everything(`${top}/dst`)).toEqual([
      '.git',
      '.git/config',
      '.gitignore',
      'sub',
      'sub/.gitignore',
      'sub/keep.o',
      'sub/out',
      'sub/out/x',
    ]);
  });

  test('--files-from: just those, each once, directories not entered, names byte for byte, filters heeded', async () => {
    const top = temp();
    plant(`${top}/src`, {
      'a/b/c': file('c'),
      'a/x': file(),
      'd/y': file(),
      '\xff\n': file('odd'),
      'z.bak': file(),
      'old/q': file(),
    });
    symlinkSync('a', `${top}/src/link`);
    const stdin = Buffer.from(
      ['a/b/c', './a//b/c', 'd/', 'd', '\xff\n', '', '.', 'link', 'z.bak', 'old/q'].join('\0'),
      'latin1',
    );
    const args = [`${top}/src`, `${top}/dst`, '--files-from', '-', '-0', '--exclude', '*.bak', '--exclude', 'old/'];
    const { stderr } = await copy(args, { driver, stdin });
    expect(stderr).toMatch(/copied 2 files, 1 directory, 1 symbolic link/);
    expect(everything(`${top}/dst`)).toEqual(['a', 'a/b', 'a/b/c', 'd', 'link', '\xff\n'].sort());
  });

  test('--files-from: what is not there is an error that names it, and the others are copied', async () => {
    const top = temp();
    plant(`${top}/src`, { a: file(), 'd/x': file(), out: symlink('..') });
    const stdin = 'missing\nno/such/file\na/below\nout/src/a\na\n';
    const { stderr } = expectExit(await pcopy([`${top}/src`, `${top}/dst`, '--files-from', '-'], { driver, stdin }), 1);
    for (const path of ['missing', 'no/such/file', 'a/below', 'out/src/a']) {
      expect(stderr).toMatch(new RegExp(`${path}: .*\\(E[A-Z]+\\)`));
    }
    expect(everything(`${top}/dst`)).toEqual(['a']);
  });
});

test('a pattern of no use, and a run that selects nothing, are worth a warning; with --strict they are failures', async () => {
  const top = temp();
  plant(`${top}/src`, { a: file(), 'd/b': file() });
  plant(`${top}/empty`, { '': directory() });
  const src = `${top}/src`;
  const run = async (code: number, ...args: string[]) => {
    const destination = `${top}/dst${Math.random()}`;
    return expectExit(await pcopy([src, destination, ...args]), code).stderr;
  };
  expect(await run(0)).not.toContain('EPCOPY_');
  expect(await run(0, '--exclude', '*.none', '--include', 'a')).toMatch(
    /--exclude '\*\.none' matches nothing \(EPCOPY_NOMATCH\)/,
  );
  expect(await run(0, '--include', 'a', '--include', 'b')).toMatch(/--include 'b' matches nothing/);
  expect(await run(1, '--include', 'a', '--include', 'b', '--strict')).toMatch(
    /^pcopy: .*src: select: --include 'b' matches nothing: did you mean '\*\*\/b'\? \(EPCOPY_NOMATCH\)$/m,
  );
  expect(await run(0, '--exclude', '**')).toContain('EPCOPY_EMPTY');
  expect(await run(1, '--exclude', '**', '--strict')).toContain('EPCOPY_EMPTY');
  expect(await run(2, '--include', '!a')).toContain('cannot begin with !');
  expectExit(await pcopy([`${top}/empty`, `${top}/dst`]), 0);
});

test.each([
  ['{a,b}{a,b}{a,b}{a,b}{a,b}{a,b}{a,b}{a,b}{a,b}{a,b}', true],
  ['{a,b}{a,b}{a,b}{a,b}{a,b}{a,b}{a,b}{a,b}{a,b}{a,b}{a,b}', false],
  ['{1..1000}', true],
  ['{1..1000}{a,b}', false],
  ['{a..z}{a..z}{a..z}', false],
  ['{0..5000..10}x', true],
  ['{{a,b}{a,b},{1..500},c}', true],
  ['{{a,b},c{1..600}}{d,e}', false],
  ['{a,b'.repeat(4), true],
  ['\\{a,b}'.repeat(20), true],
  ['a,b,c}'.repeat(20), true],
  [`{${'a,'.repeat(1000)}b}`, true],
  [`${'{a,b}'.repeat(3000)}`, false],
  ['{1..1e7}', false],
  ['{0x1fffff..1}', false],
])('braces that stand for too many patterns are refused: %s', async (pattern, usable) => {
  const compiled = compilePatterns({ include: [], exclude: [pattern] });
  if (usable) await compiled;
  else await expect(compiled).rejects.toThrow(/^exclude: got .*: its braces stand for more than 1024 patterns$/);
});

test('quotes are characters of a pattern, in braces too', async () => {
  const patterns = await compilePatterns({ include: [`{it's,"q"}`, '`x'], exclude: [] });
  const selected: string[] = [];
  for (const name of ["it's", '"q"', '`x', 'its', 'q']) {
    if (await patterns.selects(name, false, new Turns(() => false))) selected.push(name);
  }
  expect(selected).toEqual(["it's", '"q"', '`x']);
});
