import { expect, test } from 'vitest';
import type { AskAhead } from '../../src/fs/ask-ahead.ts';
import type { FileSystem } from '../../src/fs/file-system.ts';
import { AskingAhead } from '../../src/worker/asking-ahead.ts';

function scene(canAsk = true) {
  const calls: unknown[][] = [];
  const note =
    (name: string) =>
    (...args: unknown[]) =>
      void calls.push([name, ...args]);
  const askAhead: AskAhead = { entry: note('entry'), access: note('access'), close: note('close in a thread') };
  const fs = { askAhead: canAsk ? askAhead : null, close: note('close') } as unknown as FileSystem;
  const ahead = new AskingAhead(fs);
  const all = (): unknown[][] => {
    ahead.entry(1, 'a');
    ahead.changed(2);
    ahead.close(3);
    return calls.splice(0);
  };
  return { ahead, all };
}

test('nothing is asked ahead where storage answers at once, nor for one slow entry', () => {
  const { ahead, all } = scene();
  for (const ms of [0.02, 50, 0.02, 50]) ahead.observe(ms);
  expect(all()).toEqual([['close', 3]]);
});

test('where it answers late, for the rest of the run', () => {
  const { ahead, all } = scene();
  for (const ms of [50, 50, 0.02]) ahead.observe(ms);
  expect(all()).toEqual([
    ['entry', 1, 'a'],
    ['access', 2],
    ['close in a thread', 3],
  ]);
});

test('nor where a driver cannot', () => {
  const { ahead, all } = scene(false);
  for (const ms of [50, 50]) ahead.observe(ms);
  expect(all()).toEqual([['close', 3]]);
});
