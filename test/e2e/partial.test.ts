import { spawnSync } from 'node:child_process';
import {
  chmodSync,
  closeSync,
  existsSync,
  linkSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  renameSync,
  statSync,
  utimesSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import { expect, test } from 'vitest';
import { mountImage } from '../support/mounts.ts';
import { needs } from '../support/needs.ts';
import { copy, expectExit, pcopy, start, until } from '../support/run.ts';
import { traced, tracing } from '../support/strace.ts';
import { temp } from '../support/temp.ts';
import { file, plant } from '../support/tree.ts';

const MIB = 1 << 20;
const SIZE = 64 * MIB;
/** What is copied between two looks at whether it is on the disk. */
const STEP = 32 * MIB;

/** A big file in which no two MiB are alike. */
function plantBig(path: string): void {
  const piece = Buffer.alloc(MIB, 'pcopy ');
  const fd = openSync(path, 'w');
  for (let at = 0; at < SIZE; at += MIB) {
    piece.writeUInt32LE(at, 100);
    writeSync(fd, piece);
  }
  closeSync(fd);
}

function planted(): string {
  const top = temp();
  plant(`${top}/src`, { small: file('small') });
  plantBig(`${top}/src/big`);
  return top;
}

function kept(dir: string): string[] {
  return readdirSync(dir).filter((name) => name.startsWith('.pcopy-'));
}

/** Ends a run in the middle of the big file, when some of it is known to be on the disk: another one where one was too fast. */
async function interrupted(signal: NodeJS.Signals, from: string, to: string, ...options: string[]): Promise<string> {
  const names = (): string[] => (existsSync(to) ? kept(to).filter((name) => name.startsWith('.pcopy-p-')) : []);
  for (;;) {
    const { child, pid, done } = start([from, to, '--partial', '--bwlimit', '100M', ...options]);
    const hasEnded = () => child.exitCode !== null;
    await until(() => hasEnded() || names().length > 0, 'a part of the file');
    if (!hasEnded()) process.kill(signal === 'SIGKILL' ? -pid : pid, signal);
    await done;
    const [name] = names();
    if (name === undefined) continue;
    expect(kept(to)).toEqual([name]);
    return name;
  }
}

/** Bytes that are written into files with these words in their paths. */
function written(log: string, words: RegExp): number {
  let sum = 0;
  for (const line of traced(log)) if (words.test(line)) sum += Number(/= (\d+)$/.exec(line)?.[1] ?? 0);
  return sum;
}

function expectWhole(top: string, to = `${top}/dst`): void {
  expect(spawnSync('diff', ['-r', `${top}/src`, to]).stdout.toString()).toBe('');
  expect(kept(to)).toEqual([]);
}

for (const signal of ['SIGKILL', 'SIGINT'] as const) {
  needs('strace')(`what was written before a ${signal} is not written again`, async () => {
    const top = planted();
    await interrupted(signal, `${top}/src`, `${top}/dst`);
    const prefix = tracing(`${top}/log`, 'write', 'pwrite64');
    await copy([`${top}/src`, `${top}/dst`, '--partial'], { prefix });
    const again = written(`${top}/log`, /\/dst\/\.pcopy-p-/);
    expect(again).toBeGreaterThan(0);
    expect(again).toBeLessThanOrEqual(SIZE - STEP);
    expectWhole(top);
    const { mtimeNs, mode } = statSync(`${top}/dst/big`, { bigint: true });
    expect(mtimeNs).toBe(statSync(`${top}/src/big`, { bigint: true }).mtimeNs);
    expect(Number(mode) & 0o777).toBe(statSync(`${top}/src/big`).mode & 0o777);
    expect(statSync(`${top}/dst`).mode & 0o7777).toBe(statSync(`${top}/src`).mode & 0o7777);
  });
}

test('hashes are those of the whole file, and no attribute stays', async () => {
  const top = planted();
  await interrupted('SIGKILL', `${top}/src`, `${top}/dst`);
  await copy([`${top}/src`, `${top}/dst`, '--partial', '--verify', '--manifest', `${top}/SUMS`]);
  expect(spawnSync('sha256sum', ['-c', '--quiet', '../SUMS'], { cwd: `${top}/dst` }).status).toBe(0);
  expect(spawnSync('getfattr', ['-d', `${top}/dst/big`]).stdout?.toString() ?? '').toBe('');
});

test('a source that has changed since is copied from its start', async () => {
  const top = planted();
  await interrupted('SIGKILL', `${top}/src`, `${top}/dst`);
  const { atime, mtime } = statSync(`${top}/src/big`);
  const fd = openSync(`${top}/src/big`, 'r+');
  writeSync(fd, 'new', 10);
  closeSync(fd);
  utimesSync(`${top}/src/big`, atime, mtime);
  await copy([`${top}/src`, `${top}/dst`, '--partial']);
  expectWhole(top);
});

test('it stays for --partial, also beside --delete and for another source, and goes without', async () => {
  const top = planted();
  const name = await interrupted('SIGKILL', `${top}/src`, `${top}/dst`);
  plant(`${top}/other`, { small: file('other') });
  await copy([`${top}/other`, `${top}/dst`, '--partial', '--delete']);
  expect(readdirSync(`${top}/dst`).sort()).toEqual([name, 'small']);
  await copy([`${top}/other`, `${top}/dst`]);
  expect(readdirSync(`${top}/dst`)).toEqual(['small']);
});

needs('setfattr')('a file that somebody has put there is not taken for it, and not written to', async () => {
  const top = planted();
  const name = await interrupted('SIGKILL', `${top}/src`, `${top}/dst`);
  const record = spawnSync('getfattr', ['--only-values', '-n', 'user.pcopy.partial', `${top}/dst/${name}`]).stdout;
  const plantClaim = (path: string, mode = 0o600): void => {
    writeFileSync(path, 'secret');
    spawnSync('setfattr', ['-n', 'user.pcopy.partial', '-v', record.toString(), path]);
    chmodSync(path, mode);
  };
  const [one, two, three] = [1, 2, 3].map(
    (n) => `${top}/dst/${name.replace('0.tmp', '').replace(/\d+\.tmp$/, '')}9${n}.tmp`,
  );
  renameSync(`${top}/dst/${name}`, `${top}/away`);
  plantClaim(`${top}/elsewhere`);
  linkSync(`${top}/elsewhere`, one ?? '');
  plantClaim(two ?? '', 0o666);
  writeFileSync(three ?? '', 'secret', { mode: 0o600 }); // No claim at all.
  await copy([`${top}/src`, `${top}/dst`, '--partial']);
  expect(readFileSync(`${top}/elsewhere`, 'utf8')).toBe('secret');
  for (const path of [one, two, three]) expect(readFileSync(path ?? '', 'utf8')).toBe('secret');
  await copy([`${top}/src`, `${top}/dst`, '-u']);
  expectWhole(top);
});

needs('setfattr')('nor can a source bring such a claim', async () => {
  const top = temp();
  plant(`${top}/src`, { a: file('a', { xattrs: { 'user.pcopy.partial': '1 2 a', 'user.other': 'x' } }) });
  await copy([`${top}/src`, `${top}/dst`, '-a']);
  const said = spawnSync('getfattr', ['-d', '--absolute-names', `${top}/dst/a`]).stdout.toString();
  expect(said).toContain('user.other');
  expect(said).not.toContain('partial');
});

needs(
  'root',
  'loop',
  'mkfs.xfs',
  'xfs_io',
)('what a power cut took is copied again', async () => {
  const top = planted();
  const mount = mountImage('xfs', 512 * MIB);
  await interrupted('SIGKILL', `${top}/src`, `${mount}/dst`);
  expect(spawnSync('xfs_io', ['-x', '-c', 'shutdown', mount]).status).toBe(0);
  expect(spawnSync('umount', [mount]).status).toBe(0);
  expect(spawnSync('mount', ['-o', 'loop', `${mount}/../image`, mount]).status).toBe(0);
  await copy([`${top}/src`, `${mount}/dst`, '--partial']);
  expectWhole(top, `${mount}/dst`);
});

needs('root')('where a file can have no attributes nothing is kept, and the summary says so', async () => {
  const top = planted();
  const sh = 'mount -t ramfs none "$0/mount" && "$@" && diff -r "$0/src" "$0/mount/dst"';
  mkdirSync(`${top}/mount`);
  const prefix = ['unshare', '-m', 'sh', '-c', sh, top];
  const { stderr } = await copy([`${top}/src`, `${top}/mount/dst`, '--partial'], { prefix });
  expect(stderr).toMatch(/not preserved: 1 resumable file/);
});

test('a second run beside the first leaves its file alone', async () => {
  const top = planted();
  const run = start([`${top}/src`, `${top}/dst`, '--partial', '--bwlimit', '100M']);
  const isBegun = (): boolean =>
    statSync(`${top}/dst`, { throwIfNoEntry: false }) !== undefined &&
    kept(`${top}/dst`).some((n) => n.startsWith('.pcopy-p-'));
  await until(isBegun, 'a part of the file');
  await copy([`${top}/src`, `${top}/dst`, '--partial']);
  expectExit(await run.done, 0);
  expectWhole(top);
});

test('it is refused where it could not be', async () => {
  const top = temp();
  plant(`${top}/src`, { a: file('a') });
  const refused = await pcopy([`${top}/src`, `${top}/dst`, '--partial'], { driver: 'node' });
  expect(expectExit(refused, 3).stderr).toMatch(/node driver cannot keep/);
  const usage = await pcopy([`${top}/src`, `${top}/dst`, '--partial', '--no-atomic']);
  expect(expectExit(usage, 2).stderr).toMatch(/'--partial' cannot be used with '--no-atomic'/);
});
