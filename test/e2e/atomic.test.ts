import { readdirSync, readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { expectSame } from '../support/compare.ts';
import { needs } from '../support/needs.ts';
import { copy, expectExit, overBothDrivers, pcopy, start } from '../support/run.ts';
import { failing } from '../support/strace.ts';
import { temp } from '../support/temp.ts';
import { file, plant } from '../support/tree.ts';
import { timesOf } from './precision.ts';
import { SLOW, slowFile } from './slow.ts';

overBothDrivers((driver) => {
  test('a file is there whole, or as it was before, at every moment', async () => {
    const top = temp();
    plant(`${top}/src`, { file: slowFile(300_000), 'd/new': slowFile(300_000) });
    plant(`${top}/dst`, { file: file('old') });
    const run = start([...SLOW, '-j', '2', `${top}/src`, `${top}/dst`], { driver });
    const sizes = new Set<number>();
    const read = (path: string) => {
      try {
        return readFileSync(path).length;
      } catch {
        return -1;
      }
    };
    const watch = setInterval(() => sizes.add(read(`${top}/dst/file`)).add(read(`${top}/dst/d/new`)), 1);
    await run.done.finally(() => clearInterval(watch));
    expectExit(await run.done, 0);
    expect([...sizes].filter((size) => ![-1, 3, 300_000].includes(size))).toEqual([]);
    expect(sizes).toContain(3);
  });

  needs('strace')(
    'a read error in the middle of a file: it is named, the old file stays, its siblings are copied',
    async () => {
      const top = temp();
      plant(`${top}/src`, {
        'd/bad': file(Buffer.alloc(500_000, 'x')),
        'd/good': file('good'),
        'new/bad too': file('y'),
      });
      plant(`${top}/dst`, { 'd/bad': file('as it was') });
      const prefix = failing('read,pread64,readv,preadv', 'EIO', `${top}/src/d/bad`, `${top}/src/new/bad too`);
      const { stderr } = expectExit(
        await pcopy([`${top}/src`, `${top}/dst`, '--reflink=never'], { driver, prefix }),
        1,
      );
      expect(stderr).toMatch(/^pcopy: .*d\/bad: .+ \(EIO\)$/m);
      expect(stderr).toMatch(/^pcopy: .*new\/bad too: .+ \(EIO\)$/m);
      expect(readFileSync(`${top}/dst/d/bad`, 'utf8')).toBe('as it was');
      expect(readFileSync(`${top}/dst/d/good`, 'utf8')).toBe('good');
      expect(readdirSync(`${top}/dst/d`).sort()).toEqual(['bad', 'good']);
      expect(readdirSync(`${top}/dst/new`)).toEqual([]);
    },
  );

  needs('strace').for(['EPERM', 'ENOSYS', 'EXDEV', 'EOPNOTSUPP', 'EACCES'])(
    'where files without a name cannot be named (%s), they are made under temporary names',
    async (code) => {
      const top = temp();
      plant(`${top}/src`, { 'd/new': file('new'), 'd/old': file('newer'), big: file(Buffer.alloc(3_000_000, 'b')) });
      plant(`${top}/dst`, { 'd/old': file('old') });
      const prefix = failing('linkat', code);
      await copy([`${top}/src`, `${top}/dst`, '-j', '1', '--retries', '0'], { driver, prefix });
      expectSame(`${top}/src`, `${top}/dst`, { times: timesOf(driver) });
    },
  );

  test('--no-atomic gives the same copy', async () => {
    const top = temp();
    plant(`${top}/src`, { 'd/file': file('new', { mode: 0o600 }), 'd/read-only': file('new', { mode: 0o444 }) });
    plant(`${top}/dst`, { 'd/file': file('old and longer') });
    await copy([`${top}/src`, `${top}/dst`, '--no-atomic'], { driver });
    expectSame(`${top}/src/d`, `${top}/dst/d`, { times: timesOf(driver) });
  });

  test('two runs at once into one destination: every file is whole', async () => {
    const top = temp();
    const names = Array.from({ length: 40 }, (_, i) => `d${i % 4}/f${i}`);
    for (const letter of ['a', 'b']) {
      plant(`${top}/${letter}`, Object.fromEntries(names.map((name) => [name, file(letter.repeat(200_000))])));
    }
    const runs = ['a', 'b'].map((letter) => pcopy([`${top}/${letter}`, `${top}/dst`, '-j', '2'], { driver }));
    for (const run of runs) expectExit(await run, 0);
    for (const name of names) expect(readFileSync(`${top}/dst/${name}`, 'utf8')).toMatch(/^(a{200000}|b{200000})$/);
    expect(readdirSync(`${top}/dst/d0`).length).toBe(10);
  });
});
