import { spawnSync } from 'node:child_process';
import {
  existsSync,
  linkSync,
  lstatSync,
  mkdirSync,
  readFileSync,
  renameSync,
  rmSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { expect, test } from 'vitest';
import { whileCopying } from '../support/held.ts';
import { expectExit } from '../support/run.ts';
import { temp } from '../support/temp.ts';
import { slowFile } from './slow.ts';

// What a worker puts off (hard links, big files) is opened again later, when it may be another file. The slow file here is
// the oldest and has the last name: listed last in either order, it is copied while the others wait. In any other order they
// do not wait, and every test holds as well.

function plantWaiting(top: string, plantRest: (at: string) => void): void {
  mkdirSync(`${top}/src`);
  const slow = slowFile(300_000);
  if (slow.type === 'file') writeFileSync(`${top}/src/zz`, slow.content);
  plantRest(`${top}/src`);
}

// With holes that cost nothing: byte by byte the big file would take minutes.
test.each(['a FIFO', 'a directory', 'another file', 'nothing'])(
  'a big file that becomes %s while it waits is an error',
  async (what) => {
    const top = temp();
    plantWaiting(top, (src) => {
      writeFileSync(`${src}/big`, '');
      truncateSync(`${src}/big`, 66 << 20);
    });
    const result = await whileCopying(
      `${top}/src/zz`,
      ['-j', '2', `${top}/src`, `${top}/dst`],
      () => {
        rmSync(`${top}/src/big`);
        if (what === 'a FIFO') spawnSync('mkfifo', [`${top}/src/big`]);
        if (what === 'a directory') mkdirSync(`${top}/src/big`);
        if (what === 'another file') writeFileSync(`${top}/src/big`, 'small');
      },
      { driver: 'libc' },
    );
    const there = lstatSync(`${top}/dst/big`, { throwIfNoEntry: false });
    if (result.code === 0) return expect(there?.size).toBe(66 << 20);
    expectExit(result, 1);
    expect(result.stderr + result.stdout).toMatch(/big/);
    expect(there).toBeUndefined();
  },
);

test('the first name of a hard link that becomes another file while it waits does not lend that to the others', async () => {
  const top = temp();
  plantWaiting(top, (src) => {
    writeFileSync(`${src}/x`, 'old');
    linkSync(`${src}/x`, `${src}/y`);
    linkSync(`${src}/x`, `${src}/z`);
  });
  const replaced = ['x', 'z'];
  const result = await whileCopying(`${top}/src/zz`, ['-j', '1', `${top}/src`, `${top}/dst`], () => {
    for (const name of replaced) {
      writeFileSync(`${top}/src/new`, 'new');
      renameSync(`${top}/src/new`, `${top}/src/${name}`);
    }
  });
  expect(readFileSync(`${top}/dst/y`, 'utf8')).toBe('old');
  for (const name of replaced) {
    if (existsSync(`${top}/dst/${name}`)) expect(readFileSync(`${top}/dst/${name}`, 'utf8')).toBe('old');
    else expect(expectExit(result, 1).stdout).toMatch(new RegExp(`"path":"${name}".*EPCOPY_CHANGED`));
  }
});

test('a name that is no longer one of a hard link when its turn comes does not get what the others have by then', async () => {
  const top = temp();
  const names = ['x', 'y', 'z'];
  plantWaiting(top, (src) => {
    writeFileSync(`${src}/x`, 'old');
    for (const name of ['y', 'z']) linkSync(`${src}/x`, `${src}/${name}`);
  });
  const result = await whileCopying(`${top}/src/zz`, ['-j', '1', `${top}/src`, `${top}/dst`], () => {
    writeFileSync(`${top}/src/new`, 'new');
    renameSync(`${top}/src/new`, `${top}/src/y`);
    writeFileSync(`${top}/src/x`, 'changed');
  });
  for (const name of names) {
    const had = name === 'y' ? /^(old|new)$/ : /^(old|changed)$/;
    if (existsSync(`${top}/dst/${name}`)) expect(readFileSync(`${top}/dst/${name}`, 'utf8')).toMatch(had);
    else expectExit(result, 1);
  }
});
