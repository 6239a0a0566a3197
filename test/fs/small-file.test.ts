import {
  closeSync,
  linkSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { openFileSystem } from '../../src/fs/driver.ts';
import { type FileSystem, NOT_COPIED, OTHER_FILE } from '../../src/fs/file-system.ts';
import { needs } from '../support/needs.ts';
import { expectExit, pcopy } from '../support/run.ts';
import { failing } from '../support/strace.ts';
import { temp } from '../support/temp.ts';
import { fifo, file, plant, symlink } from '../support/tree.ts';

let fs: FileSystem;
let umask: number;
beforeAll(async () => {
  umask = process.umask(0);
  fs = await openFileSystem('libc');
});
afterAll(() => void process.umask(umask));

const NANO = { atime: 1, mtime: 1 };
const descriptors = () => readdirSync('/proc/self/fd').length;

function within(top: string) {
  mkdirSync(`${top}/dst`);
  const [from, to] = [fs.openRoot(`${top}/src`), fs.openRoot(`${top}/dst`)];
  const buffer = Buffer.alloc(8192);
  return {
    copy: (name: string, { below = 8192, keptTo = NANO, guard = null as (() => void) | null } = {}) =>
      fs.copySmall(from, to, name, { buffer, below, keptTo, size: null, guard }),
    close: () => [from, to].forEach(fs.close, fs),
  };
}

test('a small file arrives with its content, permissions and times', () => {
  const top = temp();
  const times = { mtime: 1_700_000_000_123_456_789n, atime: 1_600_000_000_987_654_321n };
  plant(`${top}/src`, {
    some: file('content', { ...times, mode: 0o4640 }),
    empty: file('', { ...times, mode: 0o400 }),
  });
  const { copy, close } = within(top);
  expect([copy('some'), copy('empty')]).toEqual([7, 0]);
  close();
  for (const [name, mode] of [
    ['some', 0o100640],
    ['empty', 0o100400],
  ] as const) {
    const { mode: made, mtimeNs, atimeNs } = lstatSync(`${top}/dst/${name}`, { bigint: true });
    expect([Number(made), mtimeNs, atimeNs], name).toEqual([mode, times.mtime, times.atime]);
  }
  expect(readFileSync(`${top}/dst/some`, 'utf8')).toBe('content');
});

test('what is no such file is left alone, and nothing stays open', () => {
  const top = temp();
  const round = { mtime: 1_700_000_000_100_000_000n, atime: 1_700_000_000_000_000_000n };
  plant(`${top}/src`, {
    linked: file('two names'),
    sparse: file(''),
    'of 8191 bytes': file('x'.repeat(8191)),
    'of 8192 bytes': file('x'.repeat(8192)),
    'before 1970': file('x', { mtime: -1n }),
    'after 2038': file('x', { mtime: 2n ** 31n * 1_000_000_000n }),
    round: file('x', round),
    taken: file('new'),
    fifo: fifo(),
    link: symlink('round'),
  });
  linkSync(`${top}/src/linked`, `${top}/src/other name`);
  truncateSync(`${top}/src/sparse`, 8000);
  const { copy, close } = within(top);
  plant(`${top}/dst`, { taken: file('old') });
  const before = descriptors();
  for (const name of ['linked', 'sparse', 'of 8192 bytes', 'before 1970', 'after 2038', 'fifo']) {
    expect(copy(name), name).toBe(OTHER_FILE);
  }
  expect(copy('of 8191 bytes', { below: 8191 })).toBe(OTHER_FILE);
  expect(copy('taken')).toBe(NOT_COPIED);
  for (const [name, code] of [
    ['link', 'ELOOP'],
    ['missing', 'ENOENT'],
  ] as const) {
    expect(() => copy(name), name).toThrow(expect.objectContaining({ syscall: 'open', code }));
  }
  expect(readdirSync(`${top}/dst`)).toEqual(['taken']);
  expect(readFileSync(`${top}/dst/taken`, 'utf8')).toBe('old');
  const keptTo = { atime: 86_400e9, mtime: Number.POSITIVE_INFINITY };
  expect(copy('round', { keptTo })).toBe(1);
  expect(keptTo).toEqual({ atime: 2e9, mtime: 1e8 });
  expect(copy('of 8191 bytes')).toBe(8191);
  expect(descriptors()).toBe(before);
  close();
});

test('a file whose guard refuses gets no name, and nothing stays open', () => {
  const top = temp();
  plant(`${top}/src`, { some: file('content') });
  const { copy, close } = within(top);
  const before = descriptors();
  const guard = (): void => {
    throw new Error('refused');
  };
  expect(() => copy('some', { guard })).toThrow('refused');
  expect(readdirSync(`${top}/dst`)).toEqual([]);
  expect(descriptors()).toBe(before);
  close();
});

test('a file that is written over after it was looked at is left to the general way', () => {
  const top = temp();
  plant(`${top}/src`, { some: file('content', { mtime: 1_600_000_000_000_000_000n }) });
  mkdirSync(`${top}/dst`);
  const [from, to] = [fs.openRoot(`${top}/src`), fs.openRoot(`${top}/dst`)];
  const terms = {
    ...{ buffer: Buffer.alloc(100), below: 100, keptTo: NANO, guard: null },
    get size() {
      return null;
    },
    // Set before the file is read.
    set size(_: number | null) {
      writeFileSync(`${top}/src/some`, 'CONTENT', { flag: 'r+' });
    },
  };
  expect(fs.copySmall(from, to, 'some', terms)).toBe(NOT_COPIED);
  for (const handle of [from, to]) closeSync(handle);
  expect(readdirSync(`${top}/dst`)).toEqual([]);
});

test('a file of /proc has content though its size is 0', () => {
  const top = temp();
  mkdirSync(`${top}/dst`);
  const [from, to] = [fs.openRoot('/proc/self'), fs.openRoot(`${top}/dst`)];
  const terms = { buffer: Buffer.alloc(100), below: 100, keptTo: NANO, size: null, guard: null };
  expect(fs.copySmall(from, to, 'status', terms)).toBe(NOT_COPIED);
  for (const handle of [from, to]) closeSync(handle);
  expect(readdirSync(`${top}/dst`)).toEqual([]);
});

const FAULTS = [
  { calls: 'read', error: 'EIO', on: 'src/d/bad', says: 'read' },
  { calls: 'statx', error: 'EIO', on: 'src/d/bad', says: 'stat' },
  { calls: 'openat', error: 'EIO:when=2+', on: 'dst/d', says: 'create' },
  { calls: 'linkat', error: 'EIO:when=2+', on: 'dst/d', says: 'link' },
];

for (const { calls, error, on, says } of FAULTS) {
  needs('strace')(`a failing ${calls} is the entry's failure, and leaves nothing`, async () => {
    const top = temp();
    plant(`${top}/src`, { 'd/bad': file('bad'), 'd/first': file('first') });
    const prefix = failing(calls, error, `${top}/${on}`);
    const { stderr } = expectExit(await pcopy(['-j', '1', `${top}/src`, `${top}/dst`], { prefix }), 1);
    expect(stderr).toMatch(new RegExp(`^pcopy: .*d/(bad|first): ${says}: .+ \\(EIO\\)$`, 'm'));
    expect(readdirSync(`${top}/dst/d`).filter((name) => name !== 'first' && name !== 'bad')).toEqual([]);
    expect(readdirSync(`${top}/dst/d`).length).toBe(1);
  });
}
