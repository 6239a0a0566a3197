import { expect, test } from 'vitest';
import { Ends } from '../../src/ui/display-paths.ts';

const start = {
  type: 'start',
  source: '/abs/src',
  destination: '/abs/dest',
  jobs: 1,
  driver: 'libc',
  merged: false,
  dryRun: false,
} as const;

test('paths are shown below what was typed', () => {
  const ends = new Ends('src', '../dest/');
  ends.settle(start);
  expect([ends.atSource('a/b'), ends.atDestination('a/b')]).toEqual(['src/a/b', '../dest/a/b']);
  expect([ends.atSource(''), ends.atDestination('')]).toEqual(['src', '../dest/']);
});

test('a single file is what was typed, and its copy where it went', () => {
  const ends = new Ends('../f', 'dest');
  ends.settle({ ...start, single: { name: 'f', as: 'g' } });
  expect([ends.atSource('f'), ends.atDestination('f')]).toEqual(['../f', '/abs/dest/g']);
  expect(ends.isSingleFile).toBe(true);
});
