import { once } from 'node:events';
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { afterAll, expect, test } from 'vitest';
import { expectSame } from '../support/compare.ts';
import { buildSlow, mountSlow } from '../support/mounts.ts';
import { needs } from '../support/needs.ts';
import { copy, expectExit, overBothDrivers, pcopy, start, until } from '../support/run.ts';
import { makeTemp, removeTree, temp } from '../support/temp.ts';
import { directory, file, hardlink, plant, symlink, type Tree } from '../support/tree.ts';
import { timesOf } from './precision.ts';

// Enough for answers to come in any order; what is late is read in flight whatever it takes.
const MICROSECONDS = 50;

const built = makeTemp();
const why = buildSlow(built);
if (why !== null) {
  if (process.env.CI) throw new Error(`tests may not be skipped in CI: ${why}`);
  console.warn(`skipped: ${why}`);
}
const late = why === null ? needs('fuse', 'root') : test.skip;
afterAll(() => removeTree(built));

const times = { mtime: 1_500_000_000_123_456_000n };

function wide(): Tree {
  const tree: Tree = {
    '.gitignore': file('*.log\n', times),
    'empty/er': directory(times),
    'top-level': file('x', times),
  };
  for (let i = 0; i < 20; i++) {
    tree[`d${i}/a/b/deep`] = file(`deep ${i}`, times);
    for (let k = 0; k < 5; k++) tree[`d${i}/f${k}`] = file(`file ${i} ${k}`, times);
    tree[`d${i}/link`] = symlink(`f${i % 5}`, times);
    tree[`d${i}/x.log`] = file('log', times);
  }
  tree['d3/.gitignore'] = file('!x.log\n/a/b/\n', times);
  for (let k = 0; k < 40; k++) tree[`big/f${k}`] = file(`big ${k}`, times);
  tree['d7/same'] = hardlink('d2/f1');
  return tree;
}

/** `src` and `dst`, each seen through slow storage as `slow-src` and `slow-dst`. */
async function scene(tree: Tree, microseconds = MICROSECONDS): Promise<{ top: string; from: string; to: string }> {
  const top = temp();
  plant(`${top}/src`, tree);
  const [from, to] = [`${top}/slow-src`, `${top}/slow-dst`];
  for (const dir of [`${top}/dst`, from, to]) mkdirSync(dir);
  await mountSlow(built, `${top}/src`, from, microseconds);
  await mountSlow(built, `${top}/dst`, to, microseconds);
  return { top, from, to };
}

const linesOf = (stdout: string): string[] => stdout.split('\n').sort();

overBothDrivers((driver) => {
  const same = { times: timesOf(driver) };

  late('a copy is the same as its source; again with -u it needs no worker', async () => {
    const tree = wide();
    delete tree['d7/same'];
    const { top, from, to } = await scene(tree);
    await copy([from, to, '-j', '4'], { driver });
    expectSame(`${top}/src`, `${top}/dst`, same);
    const { stdout } = await copy([from, to, '-u', '--delete', '--progress=json'], { driver });
    const { totals, load } = JSON.parse(stdout.trim().split('\n').at(-1) ?? '');
    expect(totals).toMatchObject({ files: 0, directories: 0, deleted: 0, failed: 0 });
    expect(load.workers).toEqual([]);
    expectSame(`${top}/src`, `${top}/dst`, same);
  });

  late('-u --delete: what differs is copied, what is extra goes, whole trees too', async () => {
    const { top, from, to } = await scene(wide());
    const old = wide();
    for (let i = 0; i < 20; i += 2) {
      delete old[`d${i}/f2`];
      old[`d${i}/f3`] = file('other content', times);
      old[`d${i}/link`] = symlink('elsewhere', times);
      old[`d${i}/extra`] = file('x', times);
      old[`extra${i}/a/b/c`] = file('x', times);
      old[`extra${i}/e`] = directory();
    }
    plant(`${top}/dst`, old);
    const kept = statSync(`${top}/dst/d1/f1`).ino;
    await copy([from, to, '-u', '--delete', '-j', '4'], { driver });
    expectSame(`${top}/src`, `${top}/dst`, same);
    expect(statSync(`${top}/dst/d1/f1`).ino).toBe(kept);
  });

  late('patterns, .gitignore and a dry run say what they say of storage that answers at once', async () => {
    const { top, from, to } = await scene(wide());
    plant(`${top}/dst`, { 'd1/extra': file('x'), 'd2/x.log': file('x'), 'd3/a/b/mine': file('x'), 'z/y': file('x') });
    const args = ['--gitignore', '--exclude', 'd1?', '--exclude', '**/f4', '--delete', '-u', '-v'];
    const dry = await copy([from, to, ...args, '--dry-run'], { driver });
    const atOnce = await copy([`${top}/src`, `${top}/dst`, ...args, '--dry-run'], { driver });
    const bare = (text: string): string[] => linesOf(text.replaceAll('slow-', ''));
    expect(bare(dry.stdout)).toEqual(bare(atOnce.stdout));
    const real = await copy([from, to, ...args], { driver });
    const done = linesOf(dry.stdout.replaceAll('would delete ', 'deleted '));
    expect(linesOf(real.stdout).filter((line) => line.startsWith('deleted '))).toEqual(
      done.filter((line) => line.startsWith('deleted ')),
    );
    expect(readdirSync(`${top}/dst/d3/a`)).toEqual(['b']);
    expect(readdirSync(`${top}/dst/d3`)).toContain('x.log');
  });

  late('with few descriptors all is copied', async () => {
    const { top, from, to } = await scene(wide());
    await copy([from, to], { driver, prefix: ['prlimit', '--nofile=64'] });
    expectSame(`${top}/src`, `${top}/dst`, same);
    rmSync(`${to}/d9/f1`);
    await copy([from, to, '-u', '--delete'], { driver, prefix: ['prlimit', '--nofile=64'] });
    expectSame(`${top}/src`, `${top}/dst`, same);
  });

  late('one directory of many fails: it alone, and nothing is deleted for it', async () => {
    const { top, from, to } = await scene(wide());
    plant(`${top}/dst`, { 'd5/kept': file('x'), extra: file('x') });
    // Its server is gone.
    const gone = await mountSlow(built, `${top}/src/d5`, `${from}/d5`, 0);
    const ended = once(gone, 'close');
    gone.kill('SIGKILL');
    await ended;
    const result = expectExit(await pcopy([from, to, '-u', '--delete', '--max-errors', '3'], { driver }), 1);
    expect(result.stderr.match(/d5: .*ENOTCONN/g)).not.toBeNull();
    expect(readdirSync(`${top}/dst/d5`)).toContain('kept');
    expect(readdirSync(`${top}/dst`)).toContain('extra');
    for (const dir of ['d4', 'd6', 'd19', 'big'])
      expectSame(`${top}/src/${dir}`, `${top}/dst/${dir}`, { times: 'ignore' });
  });

  late('a signal while files are in flight, some of them made ahead: nothing is left but whole files', async () => {
    const { top, from, to } = await scene(wide(), 8_000);
    const { pid, done } = start([from, to, '-j', '4'], { driver });
    const big = () => (existsSync(`${top}/dst/big`) ? readdirSync(`${top}/dst/big`) : []);
    await until(() => big().filter((name) => name.startsWith('f')).length > 5, 'the middle of a directory');
    process.kill(pid, 'SIGTERM');
    expectExit(await done, 143);
    const names = readdirSync(`${top}/dst`, { recursive: true, encoding: 'utf8' });
    expect(names.filter((name) => name.includes('.pcopy-'))).toEqual([]);
    for (const name of big())
      expect(readFileSync(`${top}/dst/big/${name}`)).toEqual(readFileSync(`${top}/src/big/${name}`));
    await copy([from, to], { driver });
    expectSame(`${top}/src`, `${top}/dst`, same);
  });

  late('-L: loops and links that lead nowhere are told, each once; --max-errors and --strict hold', async () => {
    const tree = wide();
    for (let i = 0; i < 6; i++) tree[`d${i}/nowhere`] = symlink('missing', times);
    tree['d1/a/loop'] = symlink('..', times);
    tree['d2/dir'] = symlink('../d8', times);
    const { top, from, to } = await scene(tree);
    const all = expectExit(await pcopy([from, to, '-L'], { driver }), 1);
    expect(new Set(all.stderr.match(/^pcopy: .*(nowhere|loop): .*$/gm)).size).toBe(7);
    expect(readdirSync(`${top}/dst/d2/dir`)).toContain('f4');
    expectExit(await pcopy([from, `${to}/again`, '-L', '--max-errors', '2'], { driver }), 4);
    const strict = await pcopy([from, to, '-u', '--strict', '--exclude', 'no such'], { driver });
    expectExit(strict, 1);
    expect(strict.stderr).toMatch(/no such.* matches nothing/);
  });
});

// What the parent may have open does not depend on the driver that its workers use.
late('workers that mostly wait do not become so many that the listing has no descriptors left', async () => {
  const { top, from, to } = await scene(wide(), 1000);
  const prefix = ['prlimit', '--nofile=64'];
  const { stdout } = await copy([from, to, '--progress=json'], { prefix });
  expect(JSON.parse(stdout.trim().split('\n').at(-1) ?? '').load.workers.length).toBeLessThanOrEqual(4);
  expectSame(`${top}/src`, `${top}/dst`);
});

late('-j auto starts more workers where storage answers late, and none where it is memory', async () => {
  const files = (dirs: number, each: number): Tree =>
    Object.fromEntries(Array.from({ length: dirs * each }, (_, i) => [`d${i % dirs}/f${i}`, file(`${i}`)]));
  const { top, from, to } = await scene(files(6, 6), 20_000);
  const auto = async (source: string, destination: string) => {
    const { stdout } = await copy([source, destination, '-j', 'auto', '--progress=json']);
    return JSON.parse(stdout.trim().split('\n').at(-1) ?? '').load.auto;
  };
  const slow = await auto(from, to);
  expect(slow.most).toBeGreaterThan(slow.first);
  expectSame(`${top}/src`, `${top}/dst`);
  plant(`${top}/many`, files(50, 100));
  const fast = await auto(`${top}/many`, `${top}/copy`);
  expect(fast.most).toBe(fast.first);
});
