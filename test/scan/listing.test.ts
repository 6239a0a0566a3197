import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { inside, type Raw, utf8 } from '../support/bytes.ts';
import { temp } from '../support/temp.ts';
import { directory, file, plant } from '../support/tree.ts';
import { everything, list } from './list.ts';

/** Every byte but NUL and the slash, those that mean something to somebody more often. */
const anyByte = fc.oneof(
  fc.constantFrom(...'\n\r\\[](){}*?!+@|,.^$~#\'"`-_= ab\xff\xc3\x28\xe2\x80\xa8\xf0\x9f\x98\x80'),
  fc.integer({ min: 1, max: 255 }).map((code) => String.fromCharCode(code)),
);
const anyName: fc.Arbitrary<Raw> = fc
  .oneof(
    fc.array(anyByte, { minLength: 1, maxLength: 6 }).map((bytes) => bytes.join('')),
    fc.string({ minLength: 1, maxLength: 5, unit: 'grapheme' }).map(utf8),
    fc.constantFrom('.git', '..x', '...', '-', '**', '{a,b}', '[a]', "it's", '"q"', utf8('Ċ'), utf8('😀\n')),
  )
  .filter((name) => name !== '.' && name !== '..' && !/[/\0]/.test(name) && name.length < 200);
const anyPath = fc.array(anyName, { minLength: 1, maxLength: 4 }).map((names) => names.join('/'));
const anyTree = fc.array(fc.tuple(anyPath, fc.constantFrom('file', 'directory', 'link')), { maxLength: 25 });

function grow(entries: readonly [Raw, string][]): string {
  const root = temp();
  for (const [path, type] of entries) {
    try {
      const parent = path.slice(0, Math.max(path.lastIndexOf('/'), 0));
      mkdirSync(inside(root, parent), { recursive: true });
      if (type === 'directory') mkdirSync(inside(root, path));
      // Not a way out of the tree: a later path may lead through it.
      else if (type === 'link') symlinkSync('.', inside(root, path));
      else writeFileSync(inside(root, path), '');
    } catch {
      // Two generated paths want different things of one name.
    }
  }
  return root;
}

test.each(['libc', 'node'] as const)('every tree is listed as plain recursion lists it: driver %s', async (driver) => {
  await fc.assert(
    fc.asyncProperty(anyTree, async (entries) => {
      const root = grow(entries);
      const { paths, errors } = await list(root, { driver });
      expect(paths).toEqual(everything(root));
      expect(errors).toEqual([]);
    }),
    { numRuns: 40 },
  );
});

// picomatch reads an escaped backslash before most characters as the character alone.
test.each([utf8('a\\é'), 'a\\(', 'a\\*', 'a\\\n', 'a\\\\b', '\xff\\x'])(
  'a name with a backslash is excluded: %j',
  async (name) => {
    const root = temp();
    plant(root, { [name]: file(), kept: file() });
    const pattern = Buffer.from(name, 'latin1')
      .toString()
      .replace(/[\\(*]/g, '\\$&');
    const { paths } = await list(root, { exclude: [pattern] });
    expect(paths).toEqual(name.startsWith('\xff') ? ['kept', name] : ['kept']);
  },
);

test('an escaped name selects just that entry, with what is in it, and excluding it leaves just that out', async () => {
  await fc.assert(
    fc.asyncProperty(anyTree, fc.nat(), async (entries, pick) => {
      const root = grow(entries);
      const all = everything(root);
      const chosen = all[pick % Math.max(all.length, 1)];
      fc.pre(
        chosen !== undefined &&
          Buffer.from(utf8(Buffer.from(chosen, 'latin1').toString()), 'latin1').equals(Buffer.from(chosen, 'latin1')),
      );
      const pattern = Buffer.from(chosen as Raw, 'latin1')
        .toString()
        .replace(/[\\()*?[\]{}|!+@,"'`$^.~#]/g, '\\$&');
      const isIn = (path: Raw): boolean => path === chosen || path.startsWith(`${chosen}/`);
      const excluded = await list(root, { exclude: [pattern] });
      expect(excluded.paths).toEqual(all.filter((path) => !isIn(path)));
      expect(excluded.unmatched).toEqual([]);
      const included = await list(root, { include: [pattern] });
      expect(included.paths).toEqual(all.filter(isIn));
      expect(included.unmatched).toEqual([]);
    }),
    { numRuns: 40 },
  );
});

const TREE = {
  'top.txt': file(),
  'top.md': file(),
  '.hidden': file(),
  'a/one.txt': file(),
  'a/b/two.txt': file(),
  'a/b/c/three.md': file(),
  'cache/x': file(),
  'deep/cache/y': file(),
  'file/cache': file(),
  empty: directory(),
};

test.each<[string, { include?: string[]; exclude?: string[] }, string]>([
  [
    'everything',
    {},
    '.hidden a a/b a/b/c a/b/c/three.md a/b/two.txt a/one.txt cache cache/x deep deep/cache deep/cache/y empty file file/cache top.md top.txt',
  ],
  ['a pattern with *', { include: ['*.txt'] }, 'top.txt'],
  ['a pattern at any depth', { include: ['**/*.txt'] }, 'a/b/two.txt a/one.txt top.txt'],
  ['braces', { include: ['{a/b,cache}/*'] }, 'a/b/c a/b/two.txt cache/x'],
  ['braces of single names', { include: ['top.{md,txt}'] }, 'top.md top.txt'],
  ['a name is the entry and what it holds', { include: ['a/b'] }, 'a/b a/b/c a/b/c/three.md a/b/two.txt'],
  ['a leading ./ or / is the top', { include: ['./a/*.txt', '/top.md'] }, 'a/one.txt top.md'],
  ['a directory only', { include: ['cache/', 'file/cache/'] }, 'cache cache/x'],
  ['the top', { include: ['.'], exclude: ['a', 'deep', 'file'] }, '.hidden cache cache/x empty top.md top.txt'],
  ['two patterns meet an entry once', { include: ['*.txt', 'top.*'] }, 'top.md top.txt'],
  [
    'an excluded directory goes with all in it',
    { exclude: ['**/cache', 'a'] },
    '.hidden deep empty file top.md top.txt',
  ],
  [
    'only directories of the name',
    { exclude: ['**/cache/', 'a/'] },
    '.hidden deep empty file file/cache top.md top.txt',
  ],
  ['exclude wins', { include: ['a'], exclude: ['a/b/*.txt'] }, 'a a/b a/b/c a/b/c/three.md a/one.txt'],
  ['? is a character', { include: ['?.txt'] }, ''],
])('%s', async (_what, filters, expected) => {
  const root = temp();
  plant(root, TREE);
  expect((await list(root, filters)).paths.join(' ')).toBe(expected);
});

test('? and brackets are about characters, not bytes', async () => {
  const root = temp();
  plant(root, { [utf8('é.txt')]: file(), [utf8('ü.txt')]: file(), [utf8('日.txt')]: file(), '\xff.txt': file() });
  expect((await list(root, { include: ['[à-é].txt'] })).paths).toEqual([utf8('é.txt')]);
  expect((await list(root, { include: ['?.txt'] })).paths).toHaveLength(4);
});

test('what is excluded is not looked into', async () => {
  const root = temp();
  plant(root, TREE);
  const { directoriesEntered } = await list(root, { exclude: ['a', '**/cache/'] });
  expect(directoriesEntered.sort()).toEqual(['', 'deep', 'empty', 'file']);
  const { directoriesEntered: wanted } = await list(root, { include: ['a/b/*.txt'] });
  expect(wanted.sort()).toEqual(['', 'a', 'a/b']);
});

test('depth first: a directory’s parents are those that were listed last', async () => {
  const root = temp();
  plant(root, { 'a/b/c/x': file(), 'a/d/x': file(), 'e/f/g/x': file(), 'e/h/x': file() });
  const { directoriesEntered } = await list(root);
  const open: string[] = [];
  for (const dir of directoriesEntered) {
    while (open.length > 0 && !dir.startsWith(`${open.at(-1)}/`)) open.pop();
    const parent = dir.slice(0, Math.max(dir.lastIndexOf('/'), 0));
    expect(open.at(-1) ?? '').toBe(parent);
    if (dir !== '') open.push(dir);
  }
});

test('patterns that were of no use are known', async () => {
  const root = temp();
  plant(root, TREE);
  const filters = {
    include: ['a', '*.txt', '*.none', 'missing/x/y'],
    exclude: ['**/b', 'no/such', '**/*.bak', 'a/one.txt/'],
  };
  const { unmatched, errors } = await list(root, filters);
  expect(unmatched).toEqual(['*.none', 'missing/x/y', 'no/such', '**/*.bak', 'a/one.txt/']);
  expect(errors).toEqual([]);
});

test('a pattern that cannot be meant is bad usage', async () => {
  for (const pattern of ['!a', '!*.txt', '{1..1000000}']) {
    await expect(list('/', { include: [pattern] })).rejects.toThrow('include: got');
    await expect(list('/', { exclude: [pattern] })).rejects.toThrow('exclude: got');
  }
});
