import { expect, test } from 'vitest';
import { DisplayPaths } from '../../src/ui/display-paths.ts';

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
  const paths = new DisplayPaths('src', '../dest/');
  paths.start(start);
  expect([paths.atSource('a/b'), paths.atDestination('a/b')]).toEqual(['src/a/b', '../dest/a/b']);
  expect([paths.atSource(''), paths.atDestination('')]).toEqual(['src', '../dest/']);
});

test('a single file is what was typed, and its copy where it went', () => {
  const paths = new DisplayPaths('../f', 'dest');
  paths.start({ ...start, single: { name: 'f', as: 'g' } });
  expect([paths.atSource('f'), paths.atDestination('f')]).toEqual(['../f', '/abs/dest/g']);
  expect(paths.isSingleFile).toBe(true);
});
