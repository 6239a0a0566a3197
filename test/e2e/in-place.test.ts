import { linkSync, readFileSync, writeFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { copy, overBothDrivers } from '../support/run.ts';
import { temp } from '../support/temp.ts';
import { file, plant } from '../support/tree.ts';

overBothDrivers((driver) => {
  test('--no-atomic: names of one destination file become files of their own, and others of its names stay', async () => {
    const top = temp();
    plant(top, { 'src/x': file('aaaa'), 'src/y': file('bbbbbbbbb'), 'dst/x': file('old') });
    linkSync(`${top}/dst/x`, `${top}/dst/y`);
    linkSync(`${top}/dst/x`, `${top}/elsewhere`);
    await copy([`${top}/src`, `${top}/dst`, '--no-atomic'], { driver });
    expect(readFileSync(`${top}/dst/x`, 'utf8')).toBe('aaaa');
    expect(readFileSync(`${top}/dst/y`, 'utf8')).toBe('bbbbbbbbb');
    expect(readFileSync(`${top}/elsewhere`, 'utf8')).toBe('old');
  });

  test('--no-atomic --verify reads back what it has written over', async () => {
    const top = temp();
    plant(top, { 'src/x': file('new content'), 'dst/x': file('old') });
    writeFileSync(`${top}/src/y`, 'another');
    await copy([`${top}/src`, `${top}/dst`, '--no-atomic', '--verify'], { driver });
    expect(readFileSync(`${top}/dst/x`, 'utf8')).toBe('new content');
    expect(readFileSync(`${top}/dst/y`, 'utf8')).toBe('another');
  });
});
