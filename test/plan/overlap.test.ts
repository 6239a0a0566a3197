import { spawnSync } from 'node:child_process';
import { mkdirSync, readdirSync, readFileSync, symlinkSync } from 'node:fs';
import { expect, test } from 'vitest';
import { isWithin, locate } from '../../src/plan/mounts.ts';
import { everything } from '../scan/list.ts';
import { bindMount, bindOnto, mountImage, mountTmpfs } from '../support/mounts.ts';
import { needs } from '../support/needs.ts';
import { copy, expectExit, pcopy } from '../support/run.ts';
import { temp } from '../support/temp.ts';
import { file, plant } from '../support/tree.ts';

const TREE = { 'a/f': file('f'), g: file('g') };

test('where a path really is: the mount nearest to it, the later of two on one point, and the way from there', () => {
  const mounts = [
    { device: '8:1', root: '/', point: '/', type: 'ext4' },
    { device: '0:5', root: '/', point: '/mnt', type: 'ext4' },
    { device: '8:1', root: '/home/user', point: '/mnt/bind', type: 'ext4' },
    { device: '0:6', root: '/sub', point: '/mnt', type: 'ext4' },
  ];
  expect(locate(mounts, '/home/user/x')).toEqual({ device: '8:1', path: '/home/user/x' });
  expect(locate(mounts, '/mnt/bind/x')).toEqual({ device: '8:1', path: '/home/user/x' });
  expect(locate(mounts, '/mnt/x')).toEqual({ device: '0:6', path: '/sub/x' });
  expect(locate(mounts, '/')).toEqual({ device: '8:1', path: '' });
  expect([isWithin('/a/b', '/a'), isWithin('/ab', '/a'), isWithin('/a', '/'), isWithin('/a', '/a/')]).toEqual([
    true,
    false,
    true,
    true,
  ]);
});

test('a link that leads nowhere is no place for a directory; it stays, and nothing is made', async () => {
  const top = temp();
  plant(`${top}/src`, TREE);
  symlinkSync('nowhere', `${top}/link`);
  for (const destination of ['link', 'link/', 'link/new']) {
    const { stderr } = expectExit(await pcopy(['src', destination], { cwd: top }), 3);
    expect(stderr).toMatch(/link.*: .*\((EEXIST|ENOTDIR)\)/);
  }
  expect(readdirSync(top).sort()).toEqual(['link', 'src']);
});

test('typed links are followed, slashes at the end or not; a missing `x/..` is nothing', async () => {
  const top = temp();
  plant(top, { 'src/a/f': file('f'), 'src/g': file('g'), 'real/old': file() });
  symlinkSync('src', `${top}/from`);
  symlinkSync('real', `${top}/to`);
  symlinkSync('src/g', `${top}/one`);
  await copy(['from/', 'to/'], { cwd: top });
  await copy(['from', 'to'], { cwd: top });
  await copy(['one', 'to'], { cwd: top });
  await copy(['src/.', 'missing/../dots'], { cwd: top });
  expect(everything(`${top}/real`)).toEqual(['a', 'a/f', 'g', 'old', 'one']);
  expect(readFileSync(`${top}/real/one`, 'utf8')).toBe('g');
  expect(everything(`${top}/dots`)).toEqual(['a', 'a/f', 'g']);
  expect(readdirSync(top)).not.toContain('missing');
});

needs('root')(
  'a bind mount of a part of the source is a part of the source; of a part of the destination, not',
  async () => {
    const top = temp();
    plant(`${top}/src`, TREE);
    mkdirSync(`${top}/dst/part`, { recursive: true });
    const ofSource = bindMount(`${top}/src/a`);
    for (const destination of [ofSource, `${ofSource}/new`]) expectExit(await pcopy([`${top}/src`, destination]), 3);
    expect(everything(`${top}/src`)).toEqual(['a', 'a/f', 'g']);
    const ofDestination = bindMount(`${top}/dst/part`);
    await copy([`${top}/src`, ofDestination]);
    expect(everything(`${top}/dst`)).toEqual(['part', 'part/a', 'part/a/f', 'part/g']);
  },
);

needs('loop', 'btrfs')('subvolumes: inside the source is inside, beside it is beside', async () => {
  const at = mountImage('btrfs');
  for (const name of ['one', 'two'])
    expect(spawnSync('btrfs', ['subvolume', 'create', `${at}/${name}`]).status).toBe(0);
  expect(spawnSync('btrfs', ['subvolume', 'create', `${at}/one/inner`]).status).toBe(0);
  plant(`${at}/one`, TREE);
  expectExit(await pcopy([`${at}/one`, `${at}/one/inner`]), 3);
  expectExit(await pcopy([at, `${at}/two`]), 3);
  await copy([`${at}/one`, `${at}/two`]);
  expect(everything(`${at}/two`)).toEqual(['a', 'a/f', 'g', 'inner']);
});

test('a destination in the source that the patterns leave out is none of it', async () => {
  const top = temp();
  plant(`${top}/src`, { ...TREE, 'out/old': file('old'), 'a/out/h': file('h') });
  const cwd = `${top}/src`;
  await copy(['.', 'out', '--exclude', 'out'], { cwd });
  expect(everything(`${cwd}/out`)).toEqual(['a', 'a/f', 'a/out', 'a/out/h', 'g', 'old']);
  await copy(['.', 'a/out/new', '--exclude', 'a/o*', '--exclude', 'out'], { cwd });
  await copy(['.', 'backup/new', '--include', 'a/f', '--delete', '--manifest', 'backup/new/SUMS'], { cwd });
  expect(everything(`${cwd}/backup`)).toEqual(['new', 'new/SUMS', 'new/a', 'new/a/f']);
  const before = everything(cwd);
  for (const args of [
    ['.', 'out', '--exclude', 'out/**'],
    ['.', 'out', '--exclude', '**/f'],
    ['.', 'out', '--include', '**/f'],
    ['.', 'a/new', '--exclude', 'out'],
    ['.', '../src', '--exclude', '**'],
    ['-L', '.', 'out', '--exclude', 'out'],
  ]) {
    const { stderr } = expectExit(await pcopy(args, { cwd }), 3);
    expect(stderr, args.join(' ')).toContain('EPCOPY_OVERLAP');
  }
  expect(everything(cwd)).toEqual(before);
});

needs('root')(
  'another way to what the patterns leave out is refused; what is mounted there is not in the way',
  async () => {
    const top = temp();
    plant(`${top}/src`, { ...TREE, 'bound/x': file('x'), 'mnt/old': file('old') });
    bindOnto(`${top}/src/a`, `${top}/src/bound`);
    expectExit(await pcopy(['.', 'bound/new', '--exclude', 'bound'], { cwd: `${top}/src` }), 3);
    expectExit(await pcopy(['.', 'a/new', '--exclude', 'a'], { cwd: `${top}/src` }), 3);
    bindOnto(mountTmpfs(), `${top}/src/mnt`);
    await copy(['.', 'mnt', '--exclude', 'mnt'], { cwd: `${top}/src` });
    expect(everything(`${top}/src/mnt`)).toEqual(['a', 'a/f', 'bound', 'bound/f', 'g']);
  },
);
