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
  const askAhead: AskAhead = { entry: note('entry'), access: note('access'), close: note('close in a thread') };
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
    ahead.made(2);
    ahead.renamed(2);
    ahead.close(3);
    return calls.splice(0);
  };
  return { observe, all };
}

const ASKED = [
  ['entry', 1, 'a'],
  ['access', 2],
  ['close in a thread', 3],
];
const NOTHING = [['close', 3]];

test('nothing is asked ahead where storage answers at once, nor for a few slow entries', () => {
  const { observe, all } = scene();
  observe(0.02, 50, 50, 0.02, 50, 50);
  expect(all()).toEqual(NOTHING);
});

test('where it answers late, for the rest of the run; after a rename only where it is very late', () => {
  const { observe, all } = scene();
  observe(14, 14, 14, 0.02);
  expect(all()).toEqual(ASKED);
  observe(100);
  expect(all()).toEqual([ASKED[0], ASKED[1], ASKED[1], ASKED[2]]);
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
