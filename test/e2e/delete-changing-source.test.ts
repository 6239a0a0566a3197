import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, renameSync, rmSync, unlinkSync, writeFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { everything } from '../scan/list.ts';
import { whileCopying } from '../support/held.ts';
import { mountTmpfs } from '../support/mounts.ts';
import { needs } from '../support/needs.ts';
import { copy, expectExit, overBothDrivers } from '../support/run.ts';
import { temp } from '../support/temp.ts';
import { file, plant, symlink, type Tree } from '../support/tree.ts';
import { slowFile } from './slow.ts';

const SLOW_FILE = slowFile(300_000);
const SOURCE: Tree = { 'app.log': file('log'), 'docs/a': file('a'), 'docs/deep/b': file('b'), slow: SLOW_FILE };

overBothDrivers((driver) => {
  test.each(['renamed', 'replaced', 'removed'])('--delete: a source that is %s deletes nothing', async (how) => {
    const top = temp();
    plant(`${top}/src`, SOURCE);
    plant(`${top}/dst`, { ...SOURCE, slow: file('old'), extra: file() });
    const before = everything(`${top}/dst`);
    const result = await whileCopying(
      `${top}/src/slow`,
      [`${top}/src`, `${top}/dst`, '--delete', '--strict', '-u', '-j', '1'],
      () => {
        if (how === 'removed') rmSync(`${top}/src`, { recursive: true });
        else renameSync(`${top}/src`, `${top}/moved`);
        if (how === 'replaced') mkdirSync(`${top}/src`);
      },
      { driver },
    );
    expectExit(result, 1);
    expect(result.stderr).not.toMatch(/unexpected|EPCOPY_INTERNAL/);
    expect(result.stdout).toMatch(/nothing is deleted, because the source /);
    expect(everything(`${top}/dst`)).toEqual(before);
  });
});

needs('root')('--delete: a source that is unmounted deletes nothing', async () => {
  const src = mountTmpfs();
  const top = temp();
  plant(src, SOURCE);
  plant(`${top}/dst`, { ...SOURCE, slow: file('old'), extra: file() });
  const before = everything(`${top}/dst`);
  const result = await whileCopying(`${src}/slow`, [src, `${top}/dst`, '--delete', '-u', '-j', '1'], () => {
    expect(spawnSync('umount', ['--lazy', src]).status).toBe(0);
  });
  expectExit(result, 1);
  expect(result.stdout).toContain('nothing is deleted, because the source ');
  expect(everything(`${top}/dst`)).toEqual(before);
});

test('--delete: what is renamed in the source after it was listed stays under the name it was copied by', async () => {
  const top = temp();
  plant(`${top}/src`, SOURCE);
  plant(`${top}/dst`, { extra: file(), old: file(), 'docs/extra': file() });
  let copied: string[] = [];
  const result = await whileCopying(`${top}/src/slow`, [`${top}/src`, `${top}/dst`, '--delete', '-j', '2'], () => {
    copied = everything(`${top}/dst`);
    for (const name of ['app.log', 'docs']) renameSync(`${top}/src/${name}`, `${top}/src/${name}.1`);
  });
  // What had not been copied yet is a failure, and then nothing is deleted at all.
  expect([0, 1]).toContain(result.code);
  const after = everything(`${top}/dst`);
  expect(after).toEqual(expect.arrayContaining(copied.filter((path) => !/extra|old/.test(path))));
  expect(after.includes('old')).toBe(result.code === 1);
});

test('--delete keeps what the copied listing had, though the source lost it before the end', async () => {
  const top = temp();
  plant(`${top}/src`, { slow: SLOW_FILE, gone: file('gone') });
  plant(`${top}/dst`, { 'extra/x': file(), gone: file('gone') });
  const result = await whileCopying(`${top}/src/slow`, [`${top}/src`, `${top}/dst`, '--delete', '-j', '1'], () =>
    unlinkSync(`${top}/src/gone`),
  );
  expect(readdirSync(`${top}/dst`)).toContain('gone');
  expect(existsSync(`${top}/dst/extra`)).toBe(result.code === 1);
});

test('--delete goes by the .gitignore files that the listing went by', async () => {
  const top = temp();
  plant(`${top}/src`, { '.gitignore': file('*.o\nbuild\n'), slow: SLOW_FILE });
  plant(`${top}/dst`, { 'a.o': file(), 'build/x': file(), 'sub/b.o': file(), 'sub/gone': file(), gone: file() });
  const args = [`${top}/src`, `${top}/dst`, '--delete', '--gitignore', '-j', '1'];
  const result = await whileCopying(`${top}/src/slow`, args, () => writeFileSync(`${top}/src/.gitignore`, ''));
  // Whether the file had been copied before it changed or not.
  expectExit(result, 0);
  expect(everything(`${top}/dst`)).toEqual(['.gitignore', 'a.o', 'build', 'build/x', 'slow', 'sub', 'sub/b.o']);
});

test('--delete with -L keeps what a link of the source leads to', async () => {
  const top = temp();
  plant(`${top}/dst`, {
    'y/in': file('in'),
    'y/sub/deep': file('deep'),
    f: file('f'),
    'z/g': file('g'),
    extra: file(),
  });
  plant(`${top}/src`, { dir: symlink('../dst/y/sub'), link: symlink('../dst/f'), other: symlink('../dst/z') });
  await copy([`${top}/src`, `${top}/dst`, '--delete', '-L']);
  expect(everything(`${top}/dst`)).toEqual([
    'dir',
    'dir/deep',
    'f',
    'link',
    'other',
    'other/g',
    'y',
    'y/sub',
    'y/sub/deep',
    'z',
    'z/g',
  ]);
});
