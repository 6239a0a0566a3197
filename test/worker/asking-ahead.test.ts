import { expect, test } from 'vitest';
import type { AskAhead } from '../../src/fs/ask-ahead.ts';
import type { FileSystem } from '../../src/fs/file-system.ts';
import { AskingAhead } from '../../src/worker/asking-ahead.ts';

/** @param busy share of the time that the worker is on a processor */
function scene({ canAsk = true, busy = 0.1 } = {}) {
  const calls: unknown[][] = [];
  const note =
    (name: string) =>
    (...args: unknown[]) =>
      void calls.push([name, ...args]);
  const askAhead: AskAhead = {
    entry: note('entry'),
    access: note('access'),
    close: note('close in a thread'),
    openRead: note('open'),
    createNew: note('make'),
    fetch: note('fetch'),
  };
  const fs = { askAhead: canAsk ? askAhead : null, close: note('close') } as unknown as FileSystem;
  let processorMs = 0;
  const ahead = new AskingAhead(fs, () => processorMs);
  const observe = (...entries: number[]): void => {
    for (const ms of entries) {
      processorMs += busy * ms;
      ahead.observe(ms);
    }
  };
  const all = (): unknown[][] => {
    ahead.entry(1, 'a');
    ahead.open(1, 'b');
    ahead.made(2);
    ahead.plan(0o600);
    ahead.make(2, () => 'c');
    ahead.willRename(2);
    ahead.renamed(2);
    ahead.close(3);
    return calls.splice(0);
  };
  return { observe, all };
}

const LATE = [
  ['entry', 1, 'a'],
  ['access', 2],
  ['close in a thread', 3],
];
const VERY_LATE = [
  ['entry', 1, 'a'],
  ['open', 1, 'b', expect.any(Function)],
  ['make', 2, 'c', 0o600, expect.any(Function)],
  ['access', 2],
  ['access', 2],
  ['close in a thread', 3],
];
const NOTHING = [['close', 3]];

test('nothing is asked ahead where storage answers at once, nor for a few slow entries', () => {
  const { observe, all } = scene();
  observe(0.02, 50, 50, 0.02, 50, 50);
  expect(all()).toEqual(NOTHING);
});

test('where it answers late, until it answers at once for a while', () => {
  const { observe, all } = scene();
  observe(14, 14, 14, 0.02);
  expect(all()).toEqual(LATE);
  observe(14, 60, 14);
  expect(all()).toEqual(LATE);
  observe(...Array<number>(16).fill(0.02));
  expect(all()).toEqual(NOTHING);
});

test('where it is very late, files are opened and made ahead, and a directory is checked after a rename, too', () => {
  const { observe, all } = scene();
  observe(60, 60);
  expect(all()).toEqual(VERY_LATE);
  observe(14, 60);
  // The file is open already.
  expect(all()).toEqual(VERY_LATE.filter(([call]) => call !== 'open'));
});

test('a machine whose processors are busy is not late storage', () => {
  const { observe, all } = scene({ busy: 0.9 });
  observe(50, 50, 50, 50, 50, 50);
  expect(all()).toEqual(NOTHING);
});

test('nor is anything asked where a driver cannot', () => {
  const { observe, all } = scene({ canAsk: false });
  observe(50, 50, 50, 50);
  expect(all()).toEqual(NOTHING);
});
