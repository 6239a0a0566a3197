import { linkSync, mkdirSync, readdirSync, statfsSync, truncateSync, writeFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { addNeed, noNeed, type Rules, shortage } from '../../src/plan/space-need.ts';
import { mountImage, mountTmpfs } from '../support/mounts.ts';
import { needs } from '../support/needs.ts';
import { copy, expectExit, pcopy } from '../support/run.ts';
import { temp } from '../support/temp.ts';
import { file, plant } from '../support/tree.ts';

const MIB = 1 << 20;
type Entry = Parameters<typeof addNeed<Parameters<Rules['kept']>[0]>>[2];
const rules: Rules<Pick<Entry, 'type' | 'size' | 'blocks' | 'nlink' | 'identity'>> = {
  unit: 4096,
  holes: true,
  atomic: true,
  kept: () => false,
};
const entry = (size: number, more: object = {}) => ({
  type: 'f' as const,
  size,
  blocks: Math.ceil(size / 512),
  nlink: 1,
  identity: '1',
  ...more,
});

test('bytes are those of whole blocks; holes take none unless they are filled; a file of several names counts once', () => {
  const need = noNeed();
  addNeed(need, rules, entry(1), null);
  addNeed(need, rules, entry(100 * MIB, { blocks: 8 }), null);
  addNeed(need, { ...rules, holes: false }, entry(MIB, { blocks: 0 }), null);
  for (let i = 0; i < 3; i++) addNeed(need, rules, entry(8192, { nlink: 3, identity: 'linked' }), null);
  addNeed(need, rules, entry(4096, { type: 'd' }), null);
  expect(need).toMatchObject({ bytes: 4096 + 4096 + MIB + 8192, inodes: 5, beside: 0 });
});

test('what is replaced is freed, but stands beside the new file first', () => {
  const need = noNeed();
  addNeed(need, rules, entry(3 * MIB), entry(3 * MIB));
  addNeed(need, rules, entry(MIB), entry(2 * MIB, { nlink: 2 }));
  addNeed(need, rules, entry(MIB, { type: 'd' }), entry(0, { type: 'd' }));
  addNeed(need, { ...rules, kept: () => true }, entry(9 * MIB), entry(1));
  expect(need).toMatchObject({ bytes: MIB, beside: 3 * MIB, inodes: 0 });
  const volume = { free: 2 * MIB, freeInodes: 9, countsInodes: true };
  expect(shortage(need, volume, false)).toBe('not enough space: 3 MiB are needed, 2 MiB are free');
  expect(shortage(need, volume, true)).toBe(null);
  const inPlace = noNeed();
  addNeed(inPlace, { ...rules, atomic: false }, entry(3 * MIB), entry(3 * MIB));
  expect(shortage(inPlace, volume, false)).toBe(null);
});

test('inodes are those of new entries; a file system that does not count them has enough', () => {
  const need = noNeed();
  for (let i = 0; i < 5; i++) addNeed(need, rules, entry(0), null);
  expect(shortage(need, { free: 0, freeInodes: 4, countsInodes: true }, false)).toMatch('5 are needed, 4 are free');
  expect(shortage(need, { free: 0, freeInodes: 0, countsInodes: false }, false)).toBe(null);
});

needs('root')('a destination that is too small is refused, there or not, and nothing is written', async () => {
  const small = mountTmpfs({ size: '4M', inodes: 64 });
  const top = temp();
  plant(`${top}/big`, { d: file('x'), 'deep/file': file(Buffer.alloc(10 * MIB)) });
  plant(`${top}/many`, Object.fromEntries(Array.from({ length: 100 }, (_, i) => [`f${i}`, file()])));
  for (const destination of [small, `${small}/new/er`]) {
    const { stderr } = expectExit(await pcopy([`${top}/big`, destination]), 3);
    expect(stderr).toMatch(/10 MiB are needed, 4 MiB are free \(ENOSPC\)/);
    expect(expectExit(await pcopy([`${top}/many`, destination]), 3).stderr).toMatch(/10\d are needed, 6\d are free/);
    expect(readdirSync(small)).toEqual([]);
  }
  expectExit(await pcopy([`${top}/big/deep/file`, `${small}/one`]), 3);
  expectExit(await pcopy([`${top}/big`, small, '--no-preflight']), 4);
});

needs('root')('what fits is not refused: holes, names of one file, what is there and stays', async () => {
  const small = mountTmpfs({ size: '4M' });
  const top = temp();
  mkdirSync(`${top}/src`);
  writeFileSync(`${top}/src/sparse`, 'x');
  truncateSync(`${top}/src/sparse`, 100 * MIB);
  writeFileSync(`${top}/src/name`, Buffer.alloc(3 * MIB));
  for (const name of ['second', 'third']) linkSync(`${top}/src/name`, `${top}/src/${name}`);
  await copy([`${top}/src`, small]);
  await copy([`${top}/src`, small, '-u']);
  await copy([`${top}/src`, small, '-n']);
  await copy([`${top}/src`, small, '--exclude', '{name,second,third}']);
  const { stderr } = expectExit(await pcopy([`${top}/src`, small]), 3);
  expect(stderr).toContain('3 MiB are needed');
  expectExit(await pcopy([`${top}/src`, `${small}/x`, '--sparse', 'never']), 3);
});

needs('loop')('on one file system whose files can share blocks, more fits than is free', async () => {
  const at = mountImage('xfs');
  const { bavail, bsize } = statfsSync(at);
  mkdirSync(`${at}/src`);
  writeFileSync(`${at}/src/file`, Buffer.alloc(Math.floor(bavail * bsize * 0.6)));
  await copy([`${at}/src`, `${at}/dst`]);
  expectExit(await pcopy([`${at}/src`, `${at}/full`, '--reflink', 'never']), 3);
});
