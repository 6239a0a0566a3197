import { chmodSync, lstatSync, readFileSync, utimesSync } from 'node:fs';
import { expect } from 'vitest';
import { needs } from '../support/needs.ts';
import { copy, expectExit, ORDINARY, overBothDrivers, pcopy } from '../support/run.ts';
import { temp } from '../support/temp.ts';
import { directory, file, plant } from '../support/tree.ts';

overBothDrivers((driver) => {
  needs('root')('a directory that may be searched and not read: what is named in it is copied', async () => {
    const top = temp();
    chmodSync(top, 0o755);
    plant(top, {
      closed: directory({ mode: 0o711 }),
      'closed/f': file('f'),
      drop: directory({ mode: 0o733 }),
      src: directory({ mode: 0o711 }),
      'src/sub': directory({ mode: 0o711 }),
      'src/sub/f': file('listed'),
    });
    const asUser = { driver, user: ORDINARY, cwd: top };
    await copy(['closed/f', 'drop/f'], asUser);
    await copy(['--files-from', '-', 'src', 'drop/new'], { ...asUser, stdin: 'sub/f\n' });
    expect(readFileSync(`${top}/drop/f`, 'utf8')).toBe('f');
    expect(readFileSync(`${top}/drop/new/sub/f`, 'utf8')).toBe('listed');
    expectExit(await pcopy(['src', 'drop/all'], asUser), 3);
    chmodSync(`${top}/src`, 0o755);
    const { stderr } = expectExit(await pcopy(['src', 'drop/all'], asUser), 1);
    expect(stderr).toMatch(/src\/sub: .*\(EACCES\)/);
  });
});

// The node driver lists directories by path, which counts as access.
needs('root')('access times of the source stay as they are, the top one too, and are those of the copy', async () => {
  const top = temp();
  plant(`${top}/src`, { 'd/x': file('x') });
  const dirs = ['', '/d'];
  for (const dir of dirs) utimesSync(`${top}/src${dir}`, 1_000_000_000, 1_100_000_000);
  await copy([`${top}/src`, `${top}/dst`], { driver: 'libc' });
  for (const dir of dirs) {
    for (const side of ['src', 'dst']) expect(lstatSync(`${top}/${side}${dir}`).atime.getTime()).toBe(1e12);
  }
});
