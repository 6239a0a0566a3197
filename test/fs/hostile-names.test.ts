import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { LibcFileSystem } from '../../src/fs/libc.ts';
import { NodeFileSystem } from '../../src/fs/node.ts';
import { temp } from '../support/temp.ts';

// The last guard: whoever lets such a name through, no call is made with what would be left of it.
test.each([new LibcFileSystem(), new NodeFileSystem()])('$name: what is no name reaches no system call', (fs) => {
  const top = temp();
  mkdirSync(`${top}/in`);
  writeFileSync(`${top}/outside`, 'kept');
  const dir = fs.openRoot(`${top}/in`);
  for (const name of ['..\0/outside', '\u012e\u012e/outside', 'a\0', '\u0161']) {
    for (const step of [
      () => fs.openRead(dir, name),
      () => fs.createNew(dir, name, 0o600),
      () => fs.unlink(dir, name),
      () => fs.statAt(dir, name),
      () => fs.xattrs?.get(dir, name) ?? fs.statTarget(dir, name),
    ]) {
      expect(step, JSON.stringify(name)).toThrow(expect.objectContaining({ code: 'EINVAL' }));
    }
  }
  fs.close(dir);
  expect(readdirSync(`${top}/in`)).toEqual([]);
  expect(readFileSync(`${top}/outside`, 'utf8')).toBe('kept');
});
