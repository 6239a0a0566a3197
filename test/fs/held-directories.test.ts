import { existsSync, mkdirSync, readdirSync, readFileSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import type { FileSystem } from '../../src/fs/file-system.ts';
import { LibcFileSystem } from '../../src/fs/libc.ts';
import { NodeFileSystem } from '../../src/fs/node.ts';
import { temp } from '../support/temp.ts';

const libc = new LibcFileSystem();
const drivers: [string, FileSystem][] = [
  ['libc', libc],
  ['node', new NodeFileSystem()],
];

test.each(drivers)(
  '%s: what is held without being opened is listed, asked and changed like what is open',
  (_name, fs) => {
    const top = temp();
    mkdirSync(`${top}/dir`);
    writeFileSync(`${top}/dir/file`, '');
    symlinkSync('dir', `${top}/link`);
    const root = fs.openRoot(top);
    const held = fs.holdDirectory(root, 'dir');
    for (let round = 0; round < 2; round++) {
      const names: string[] = [];
      fs.list(held, (name) => names.push(name));
      expect(names).toEqual(['file']);
    }
    fs.setMode(held, 0o1700);
    expect(fs.stat(held).mode).toBe(0o1700);
    expect(statSync(`${top}/dir`).mode & 0o7777).toBe(0o1700);
    fs.setTimes(held, { ...fs.stat(held), mtime: 1000, mtimeNs: 0 });
    expect(statSync(`${top}/dir`).mtimeMs).toBe(1_000_000);
    expect(() => fs.holdDirectory(root, 'link')).toThrow();
    expect(() => fs.holdDirectory(held, 'file')).toThrow();
    fs.close(held);
    fs.close(root);
  },
);

test('a default ACL shows through a directory that is held without being opened', () => {
  const top = temp();
  mkdirSync(`${top}/dir`);
  const root = libc.openRoot(top);
  const held = libc.holdDirectory(root, 'dir');
  const name = 'system.posix_acl_default';
  expect(libc.xattrs.has(held, name)).toBe(false);
  // Version 2: owner rwx, group rx, others nothing.
  const entries = [1, 7, 4, 5, 0x20, 0].flatMap((field, i) => (i % 2 === 0 ? [field] : [field, 0xffff, 0xffff]));
  const acl = Buffer.from(Uint16Array.from([2, 0, ...entries]).buffer);
  libc.xattrs.set(held, name, acl);
  expect(libc.xattrs.has(held, name)).toBe(true);
  libc.close(held);
  libc.close(root);
});

test('a new name is given only where nothing has it', () => {
  const top = temp();
  for (const name of ['a', 'b']) writeFileSync(`${top}/${name}`, name);
  mkdirSync(`${top}/dir`);
  const root = libc.openRoot(top);
  expect(libc.renameNew(root, 'a', 'b')).toBe(false);
  expect(libc.renameNew(root, 'a', 'dir')).toBe(false);
  expect(readFileSync(`${top}/b`, 'utf8')).toBe('b');
  expect(libc.renameNew(root, 'a', 'c')).toBe(true);
  expect(existsSync(`${top}/a`)).toBe(false);
  expect(readdirSync(top).sort()).toEqual(['b', 'c', 'dir']);
  expect(() => libc.renameNew(root, 'gone', 'd')).toThrow();
  libc.close(root);
});
