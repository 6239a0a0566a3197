import { spawnSync } from 'node:child_process';
import { readFileSync, statSync } from 'node:fs';
import { expect, test } from 'vitest';
import { everything } from '../scan/list.ts';
import { ROOT } from '../support/run.ts';
import { temp } from '../support/temp.ts';
import { directory, file, hardlink, plant, symlink } from '../support/tree.ts';

type SourceEntry = import('../../src/index.ts').SourceEntry;
type Library = typeof import('../../src/index.ts');
const { copyTree, fromText } = (await import(`${ROOT}/dist/index.js`)) as Library;

function planted(): string {
  const top = temp();
  plant(`${top}/src`, {
    _readme: file('readme'),
    'a/_x': file('x'),
    'a/no/below': file('no'),
    'a/b/_y': file('y'),
    'name/in/f': file('f'),
    'name/link': symlink('in'),
    'name/big': file(Buffer.alloc(65 << 20, 'big')),
    'a/hard': hardlink('name/in/f'),
    'name/in': directory({ mode: 0o555 }),
    name: directory({ mode: 0o750, mtime: 10n ** 18n }),
  });
  return top;
}

test('filter leaves out, rename renames, directories with all below them, in the manifest too', async () => {
  const top = planted();
  const asked: string[] = [];
  const files = new Map<string, string | undefined>();
  const options = {
    jobs: 3,
    entries: true,
    manifest: `${top}/SUMS`,
    exclude: ['a/b'],
    filter: async ({ path, name }: { path: string; name: string }) => {
      asked.push(path);
      return name !== 'no';
    },
    rename: ({ path, name }: { path: string; name: string }) =>
      path === 'name' ? fromText('näme') : name.replace(/^_/, '.'),
  };
  const summary = await copyTree(`${top}/src`, `${top}/dst`, options, {
    onEvent: (event) => void (event.type === 'file' && files.set(event.path, event.as)),
  });
  expect(summary.outcome).toBe('complete');
  const name = fromText('näme');
  const all = ['.readme', 'a', 'a/.x', 'a/hard', name, `${name}/big`, `${name}/in`, `${name}/in/f`, `${name}/link`];
  expect(everything(`${top}/dst`).sort()).toEqual(all.sort());
  expect(asked).not.toContain('a/b');
  expect(asked).not.toContain('a/no/below');
  expect(files.get('name/in/f')).toBe(`${name}/in/f`);
  expect(files.get('a/hard')).toBeUndefined();
  const [one, other] = ['näme/in/f', 'a/hard'].map((path) => statSync(`${top}/dst/${path}`).ino);
  expect(one).toBe(other);
  const { mode, mtimeMs } = statSync(`${top}/dst/näme`);
  expect([mode & 0o7777, mtimeMs]).toEqual([0o750, 1e12]);
  expect(statSync(`${top}/dst/näme/in`).mode & 0o7777).toBe(0o555);
  expect(spawnSync('sha256sum', ['-c', '--quiet', '../SUMS'], { cwd: `${top}/dst` }).status).toBe(0);
  // A second run finds what the first has made.
  const again = await copyTree(`${top}/src`, `${top}/dst`, { ...options, update: true });
  expect(again.totals).toMatchObject({ files: 0, hardlinks: 0, unchanged: 6 });
});

test('a big file that is split has its new name too', async () => {
  const top = planted();
  await copyTree(`${top}/src`, `${top}/dst`, { jobs: 2, rename: ({ name }) => `${name}.new` });
  expect(readFileSync(`${top}/dst/name.new/big.new`).equals(readFileSync(`${top}/src/name/big`))).toBe(true);
});

test('names that cannot be are failures of their entries', async () => {
  const top = temp();
  const names = ['/etc/x', '../x', '..', '.', '', 'a/b', 'a\0b', '\u4e00', 'same', 'same', 'kept'];
  plant(`${top}/src`, Object.fromEntries([...names.map((_name, i) => [`f${i}`, file('f')]), ['kept', file('kept')]]));
  const rename = ({ name }: { name: string }): string =>
    name === 'kept' ? name : (names[Number(name.slice(1))] ?? '');
  const summary = await copyTree(`${top}/src`, `${top}/dst`, { rename });
  expect(summary.outcome).toBe('incomplete');
  expect(everything(`${top}/dst`)).toEqual(['kept', 'same']);
  expect(readFileSync(`${top}/dst/kept`, 'utf8')).toBe('kept');
  expect(new Set(summary.failures.map(({ code }) => code))).toEqual(new Set(['EPCOPY_NAMES']));
  expect(summary.failures).toHaveLength(10);
});

test('what they throw is what copyTree rejects with, and what they return is not converted', async () => {
  const top = temp();
  plant(`${top}/src`, { a: file('a'), 'd/b': file('b') });
  const mine = Object.assign(new Error('mine'), { code: 'ENOENT' });
  const throwing = (): never => {
    throw mine;
  };
  for (const options of [{ filter: throwing }, { filter: async () => throwing() }, { rename: throwing }]) {
    await expect(copyTree(`${top}/src`, `${top}/dst`, options)).rejects.toBe(mine);
    await expect(copyTree(`${top}/src/a`, `${top}/one`, { filter: throwing })).rejects.toBe(mine);
  }
  for (const options of [
    { filter: () => 1 as never },
    { rename: () => 1 as never },
    { rename: () => 'x', delete: true },
  ])
    await expect(copyTree(`${top}/src`, `${top}/dst`, options)).rejects.toMatchObject({ code: 'EUSAGE' });
  await expect(copyTree([`${top}/src`], `${top}/dst`, { rename: () => 'x' })).rejects.toMatchObject({ code: 'EUSAGE' });
});

test('an answer that never comes does not keep an aborted run from its end', async () => {
  const top = temp();
  plant(`${top}/src`, { a: file('a') });
  const stop = new AbortController();
  const filter = (): Promise<boolean> => {
    stop.abort();
    return new Promise(() => {});
  };
  const summary = await copyTree(`${top}/src`, `${top}/dst`, { filter }, { signal: stop.signal });
  expect(summary.outcome).toBe('interrupted');
});

test('what filter refuses stays at the destination, also with delete', async () => {
  const top = temp();
  plant(`${top}/src`, { 'no/a': file('a'), yes: file('yes') });
  plant(`${top}/dst`, { 'no/mine': file('mine'), extra: file('extra') });
  await copyTree(`${top}/src`, `${top}/dst`, { delete: true, filter: ({ name }) => name !== 'no' });
  expect(everything(`${top}/dst`)).toEqual(['no', 'no/mine', 'yes']);
});

test('with delete, filter is asked of what only the destination has', async () => {
  const top = temp();
  plant(top, {
    'src/a': file('a'),
    'dst/x.tmp': file('x'),
    'dst/y': file('y'),
    'dst/no/below': file('below'),
    'dst/d/x.tmp': file('x'),
    'dst/d/e/y': file('y'),
    'dst/d/y': file('y'),
  });
  const filter = async ({ path, name, kind }: SourceEntry): Promise<boolean> => {
    if (path.startsWith('no/')) throw new Error('entered');
    return !name.endsWith('.tmp') && !(kind === 'directory' && name === 'no');
  };
  const { outcome, totals } = await copyTree(`${top}/src`, `${top}/dst`, { delete: true, filter });
  expect(outcome).toBe('complete');
  expect(totals.deleted).toBe(4);
  expect(everything(`${top}/dst`).sort()).toEqual(['a', 'd', 'd/x.tmp', 'no', 'no/below', 'x.tmp']);
  const thrown = new Error('stop');
  const throws = ({ path }: SourceEntry): boolean => {
    if (path === 'x.tmp') throw thrown;
    return true;
  };
  await expect(copyTree(`${top}/src`, `${top}/dst`, { delete: true, filter: throws })).rejects.toBe(thrown);
  expect(everything(`${top}/dst`)).toContain('x.tmp');
});
