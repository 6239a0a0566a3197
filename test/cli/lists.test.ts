import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { UsageError } from '../../src/api/errors.ts';
import { fromText } from '../../src/api/names.ts';
import { pathsIn, patternsIn, readLists } from '../../src/cli/lists.ts';

let dir: string;
beforeAll(() => {
  dir = mkdtempSync(path.join(tmpdir(), 'pcopy-lists-'));
});
afterAll(() => rmSync(dir, { recursive: true }));

function listed(name: string, content: Buffer | string): string {
  const file = path.join(dir, name);
  writeFileSync(file, content);
  return fromText(file);
}

const nothing = async function* () {};
const stdin = (...chunks: Buffer[]) =>
  async function* () {
    yield* chunks;
  };

describe('patterns in a file', () => {
  test('one a line; comments and blank lines say nothing', () => {
    expect(patternsIn('\xef\xbb\xbf*.log\n\n# comment\n  \nnode_modules/\r\n\\#odd\n a\nlast', 'SKIP')).toEqual([
      ['*.log', 'SKIP, line 1'],
      ['node_modules/', 'SKIP, line 5'],
      ['\\#odd', 'SKIP, line 6'],
      [' a', 'SKIP, line 7'],
      ['last', 'SKIP, line 8'],
    ]);
  });

  test('several files, and standard input, add up', async () => {
    const excludeFrom = [listed('a', 'é\n'), '-', listed('b', 'c')];
    const lists = await readLists({ excludeFrom }, stdin(Buffer.from('x\n'), Buffer.from('y\n')));
    expect(lists).toMatchObject({ exclude: ['é', 'x', 'y', 'c'], filesFrom: undefined });
    expect([...lists.origins.values()].map((origin) => origin.replace(/ \/.*\//, ' '))).toEqual([
      '--exclude-from a, line 1',
      '--exclude-from standard input, line 1',
      '--exclude-from standard input, line 2',
      '--exclude-from b, line 1',
    ]);
  });
});

describe('paths in a file', () => {
  test('have the form that the listing gives them', () => {
    expect(pathsIn('./a//b/\n.\n\nc\n./\n a \n', '\n')).toEqual(['a/b', 'c', ' a ']);
  });

  test('a NUL that ends no path is refused', () => {
    expect(() => pathsIn('a\0b', '\n')).toThrow(/With -0 they end the paths/);
  });
  test('with NUL, a line feed is part of the name', () => expect(pathsIn('a\nb\0c', '\0')).toEqual(['a\nb', 'c']));

  test.each(['/etc/passwd', '../up', 'a/../../b', '..'])('%s leads out', (line) => {
    expect(() => pathsIn(line, '\n')).toThrow(`option '--files-from' got '${line}'. It takes paths below the source`);
  });

  test('bytes that are not UTF-8 stay, also when they are cut between two reads', async () => {
    const bytes = Buffer.from([0x61, 0xff, 0xc3, 0xa9, 0x0a, 0x62]);
    expect((await readLists({ filesFrom: listed('c', bytes) }, nothing)).filesFrom).toEqual(['a\xff\xc3\xa9', 'b']);
    const split = stdin(bytes.subarray(0, 3), bytes.subarray(3));
    expect((await readLists({ filesFrom: '-', null: true }, split)).filesFrom).toEqual(['a\xff\xc3\xa9\nb']);
  });

  test('an empty list is a list', async () => {
    expect((await readLists({ filesFrom: listed('d', '') }, nothing)).filesFrom).toEqual([]);
  });
});

describe('what cannot be read', () => {
  test('names the option and the file', async () => {
    const missing = readLists({ filesFrom: `${dir}/nope` }, nothing);
    await expect(missing).rejects.toThrow(UsageError);
    await expect(missing).rejects.toThrow(
      /\/nope: cannot be read for --files-from: no such file or directory \(ENOENT\)$/,
    );
    await expect(readLists({ excludeFrom: [dir] }, nothing)).rejects.toThrow(
      /: cannot be read for --exclude-from: illegal operation on a directory \(EISDIR\)$/,
    );
  });

  test('standard input, twice', async () => {
    await expect(readLists({ filesFrom: '-', excludeFrom: ['-'] }, nothing)).rejects.toThrow('only once');
    await expect(readLists({ retryFrom: '-', excludeFrom: ['-'] }, nothing)).rejects.toThrow('only once');
  });

  test('without lists, nothing is opened', async () => {
    const untouched = () => {
      throw new Error('opened');
    };
    expect(await readLists({}, untouched)).toMatchObject({ exclude: [], filesFrom: undefined });
  });
});
