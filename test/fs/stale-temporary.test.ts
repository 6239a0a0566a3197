import { spawnSync } from 'node:child_process';
import { mkdirSync, readdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import type { Stat } from '../../src/fs/file-system.ts';
import { LibcFileSystem } from '../../src/fs/libc.ts';
import { NodeFileSystem } from '../../src/fs/node.ts';
import { removeStale } from '../../src/fs/stale-temporary.ts';
import { runMark, temporaryName } from '../../src/fs/temporary-name.ts';
import { temp } from '../support/temp.ts';

const libc = new LibcFileSystem();
const DAY = 24 * 60 * 60 * 1000;

/** Marks of runs: one that lives, one that is dead, and one of which nobody here can tell. */
function marks(): { living: string; dead: string; elsewhere: string } {
  const living = runMark();
  const { pid } = spawnSync('true');
  const [, , random] = living.split('-');
  const dead = `${living.slice(0, 8)}-${pid}-${random}`;
  return { living, dead, elsewhere: dead.replace(/^.{8}/, living.startsWith('0') ? '1fffffff' : '0fffffff') };
}

function place(...names: string[]): { top: string; dir: number } {
  const top = temp();
  for (const name of names) writeFileSync(`${top}/${name}`, 'content');
  return { top, dir: libc.openRoot(top) };
}

test('a file that is locked stays, whoever leads the run; one that is not goes', () => {
  const names = Object.values(marks()).map((mark) => temporaryName(mark, 1, true));
  const { top, dir } = place(...names);
  for (const name of names) {
    const handle = libc.openWrite(dir, name);
    expect(libc.lock(handle, 'exclusive')).toBe(true);
    expect(removeStale(libc, dir, name)).toBe(false);
    const unlock = libc.closeLocked(handle);
    expect(removeStale(libc, dir, name)).toBe(false);
    unlock();
    expect(removeStale(libc, dir, name, { dryRun: true })).toBe(true);
    expect(removeStale(libc, dir, name, { before: Date.now() - DAY })).toBe(false);
    expect(readdirSync(top)).toContain(name);
    expect(removeStale(libc, dir, name)).toBe(true);
  }
  expect(readdirSync(top)).toEqual([]);
  libc.close(dir);
});

test('a network file system may not tell of locks on other machines', () => {
  class Network extends LibcFileSystem {
    override space(dir: number) {
      return { ...super.space(dir), network: true };
    }
  }
  const { dead, elsewhere } = marks();
  const names = [dead, elsewhere].map((mark) => temporaryName(mark, 1, true));
  const { dir } = place(...names);
  expect(names.map((name) => removeStale(new Network(), dir, name))).toEqual([true, false]);
  libc.close(dir);
});

const withoutLocks = new (class extends LibcFileSystem {
  override lock(): null {
    return null;
  }
})();

test.each([
  ['without locks', withoutLocks],
  ['node', new NodeFileSystem()],
])('%s: the process that leads the run tells where it can be seen, else a day without a change', (_name, fs) => {
  const { living, dead, elsewhere } = marks();
  const old = { old: false };
  const aged = new Proxy(fs, {
    get: (target, key) =>
      key === 'statAt'
        ? (dir: number, name: string): Stat | null => {
            const stat = target.statAt(dir, name);
            return stat === null ? null : Object.assign(stat, { changedMs: stat.changedMs - (old.old ? 2 * DAY : 0) });
          }
        : Reflect.get(target, key).bind?.(target),
  });
  for (const isLocked of [true, false]) {
    const names = [living, dead, elsewhere].map((mark) => temporaryName(mark, 1, isLocked));
    const { dir } = place(...names);
    old.old = false;
    expect(names.map((name) => removeStale(aged, dir, name))).toEqual([false, true, false]);
    old.old = true;
    expect(names.map((name) => removeStale(aged, dir, name))).toEqual([true, false, true]);
    libc.close(dir);
  }
});

test('links and FIFOs of dead runs go, and directories stay, as does what has another name', () => {
  const { dead } = marks();
  const { top, dir } = place('kept');
  const [link, fifo, directory] = [temporaryName(dead, 1), temporaryName(dead, 1, true), temporaryName(dead, 1)];
  symlinkSync('kept', `${top}/${link}`);
  spawnSync('mkfifo', [`${top}/${fifo}`]);
  mkdirSync(`${top}/${directory}`);
  expect([link, fifo, directory, 'kept'].map((name) => removeStale(libc, dir, name))).toEqual([
    true,
    true,
    false,
    false,
  ]);
  expect(readdirSync(top).sort()).toEqual([directory, 'kept']);
  libc.close(dir);
});
