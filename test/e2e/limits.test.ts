import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { expectSame, survey } from '../support/compare.ts';
import { mountTmpfs } from '../support/mounts.ts';
import { needs } from '../support/needs.ts';
import { copy, expectExit, overBothDrivers, pcopy } from '../support/run.ts';
import { temp } from '../support/temp.ts';
import { file, plant, type Tree } from '../support/tree.ts';
import { timesOf } from './precision.ts';

function blocked(count: number): { source: Tree; destination: Tree } {
  const names = Array.from({ length: count }, (_, i) => `blocked-${i}`);
  return {
    source: Object.fromEntries(names.map((name) => [name, file('x')])),
    destination: Object.fromEntries(names.map((name) => [`${name}/kept`, file('kept')])),
  };
}

const errorLines = (stderr: string) => stderr.split('\n').filter((line) => /^pcopy: .*blocked-\d+: /.test(line));

overBothDrivers((driver) => {
  test('--fail-fast and --max-errors stop the run with 4; without them every failure is named', async () => {
    const top = temp();
    const { source, destination } = blocked(5);
    plant(`${top}/src`, { ...source, fine: file('fine') });
    for (const name of ['all', 'fast', 'two']) plant(`${top}/${name}`, destination);
    const all = expectExit(await pcopy([`${top}/src`, `${top}/all`], { driver }), 1);
    expect(new Set(errorLines(all.stderr)).size).toBe(5);
    expect(readFileSync(`${top}/all/fine`, 'utf8')).toBe('fine');
    const fast = expectExit(await pcopy(['--fail-fast', `${top}/src`, `${top}/fast`], { driver }), 4);
    expect(errorLines(fast.stderr).length).toBeGreaterThan(0);
    expect(fast.stderr).toMatch(/stopped after 1 failed entry(; [1-4] more failed in work that had begun)? \(/);
    const failed = Number(/^ {2}(\d+) failed$/m.exec(fast.stderr)?.[1]);
    if (failed > 1) expect(fast.stderr).toContain(`entry; ${failed - 1} more failed`);
    expectExit(await pcopy(['--max-errors', '2', `${top}/src`, `${top}/two`], { driver }), 4);
    expectExit(await pcopy(['--max-errors', '6', `${top}/src`, `${top}/all`], { driver }), 1);
  });

  needs('root')('not enough space or inodes is refused before anything is written', async () => {
    const top = temp();
    plant(`${top}/big`, { 'a/b': file(Buffer.alloc(3 << 20, 'x')), 'a/c': file(Buffer.alloc(3 << 20, 'y')) });
    plant(`${top}/many`, Object.fromEntries(Array.from({ length: 100 }, (_, i) => [`f${i}`, file('')])));
    const small = mountTmpfs({ size: '4M', inodes: 64 });
    expect(expectExit(await pcopy([`${top}/big`, `${small}/dst`], { driver }), 3).stderr).toMatch(/space/i);
    expect(expectExit(await pcopy([`${top}/many`, `${small}/dst`], { driver }), 3).stderr).toMatch(/inode/i);
    expect(readdirSync(small)).toEqual([]);
  });

  needs('root')('a tree of many directories that just fits is not refused: each entry is counted once', async () => {
    const top = temp();
    const names = Array.from({ length: 1200 }, (_, i) => `d${i % 30}/f${i}`);
    plant(`${top}/src`, Object.fromEntries(names.map((name) => [name, file('')])));
    // Its files and directories, the new root, and the root of the file system.
    const small = mountTmpfs({ inodes: 1200 + 30 + 2 });
    expectExit(await pcopy([`${top}/src`, `${small}/dst`], { driver }), 0);
    expectSame(`${top}/src`, `${small}/dst`, { times: timesOf(driver) });
    const smaller = mountTmpfs({ inodes: 1200 + 30 + 1 });
    expectExit(await pcopy([`${top}/src`, `${smaller}/dst`], { driver }), 3);
  });

  needs('root')(
    'a destination that fills up stops the run with 4: no half file, no temporary file, the old file as it was',
    async () => {
      const top = temp();
      const names = Array.from({ length: 12 }, (_, i) => `d${i % 3}/f${i}`);
      plant(`${top}/src`, {
        ...Object.fromEntries(names.map((name) => [name, file(Buffer.alloc(1 << 20, name))])),
        old: file(Buffer.alloc(5 << 20)),
      });
      const small = mountTmpfs({ size: '4M' });
      plant(small, { old: file('as it was') });
      const args = ['--no-preflight', '--sparse=never', `${top}/src`, small, '-j', '2'];
      const { stderr } = expectExit(await pcopy(args, { driver }), 4);
      expect(stderr).toMatch(/\(ENOSPC\)/);
      expect(readFileSync(`${small}/old`, 'utf8')).toBe('as it was');
      const source = survey(`${top}/src`);
      for (const [path, item] of survey(small)) {
        if (path === 'old' || item.type === 'directory') continue;
        expect(item.content, path).toBe(source.get(path)?.content);
      }
    },
  );

  needs('prlimit')('a file that may not grow so large is named, its siblings are copied', async () => {
    const top = temp();
    plant(`${top}/src`, { large: file(Buffer.alloc(600_000, 'x')), 'd/small': file('small') });
    const prefix = ['prlimit', '--fsize=500000'];
    const { stderr } = expectExit(await pcopy([`${top}/src`, `${top}/dst`], { driver, prefix }), 1);
    expect(stderr).toMatch(/^pcopy: .*large: .+ \(EFBIG\)$/m);
    expect(existsSync(`${top}/dst/large`)).toBe(false);
    expect(readFileSync(`${top}/dst/d/small`, 'utf8')).toBe('small');
    expect(readdirSync(`${top}/dst`)).toEqual(['d']);
  });

  needs('prlimit')('few descriptors are enough for a deep and wide tree', async () => {
    const top = temp();
    const tree: Tree = { [Array.from({ length: 150 }, (_, i) => `${i}`).join('/')]: file('deep') };
    for (let i = 0; i < 150; i++) tree[`wide/${i}/file`] = file(`${i}`);
    plant(`${top}/src`, tree);
    await copy([`${top}/src`, `${top}/dst`, '-j', '2'], { driver, prefix: ['prlimit', '--nofile=64'] });
    expectSame(`${top}/src`, `${top}/dst`, { times: timesOf(driver) });
  });

  needs('prlimit')('too few descriptors to start: said in a line, and nothing is written', async () => {
    const top = temp();
    plant(`${top}/src`, { a: file('a') });
    const limited = async (n: number) => {
      const run = await pcopy(['src', `dst${n}`], { driver, cwd: top, prefix: ['prlimit', `--nofile=${n}`] });
      return { ...run, refused: /^pcopy: cannot start: too many open files; .* \(EMFILE\)\n$/.test(run.stderr) };
    };
    // Below some number Node itself does not start.
    let n = 12;
    let run = await limited(n);
    for (; !run.refused && n < 60; n++) run = await limited(n + 1);
    for (; run.refused; run = await limited(++n)) {
      expectExit(run, 3);
      expect(existsSync(`${top}/dst${n}`)).toBe(false);
    }
    expect(n).toBeLessThan(60);
    expect(run.stderr).not.toContain('node:internal');
    expectExit(await limited(n + 16), 0);
  });

  test('--bwlimit without a place for a temporary file is refused', async () => {
    const top = temp();
    plant(`${top}/src`, { a: file('a') });
    const env = { TMPDIR: `${top}/none` };
    const { stderr } = expectExit(await pcopy(['--bwlimit', '1M', `${top}/src`, `${top}/dst`], { driver, env }), 3);
    expect(stderr).toContain('/none: no place for the file that --bwlimit needs (ENOENT)');
    expect(readdirSync(top)).toEqual(['src']);
  });

  test('--bwlimit holds the run back', async () => {
    const top = temp();
    plant(`${top}/src`, { 'a/x': file(Buffer.alloc(400_000, 'x')), 'b/y': file(Buffer.alloc(400_000, 'y')) });
    const begin = process.hrtime.bigint();
    await copy(['--bwlimit', '500K', '-j', '2', `${top}/src`, `${top}/dst`], { driver });
    // Of 1.6 seconds; a burst at the start is allowed. Slower is never wrong.
    expect(Number(process.hrtime.bigint() - begin) / 1e9).toBeGreaterThan(0.8);
    expectSame(`${top}/src`, `${top}/dst`, { times: timesOf(driver) });
  });
});
