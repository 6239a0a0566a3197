import { setTimeout as delay } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { Cancelled } from '../../src/scan/turns.ts';
import { parentOf } from '../support/bytes.ts';
import { openFiles as openFilesOf } from '../support/processes.ts';
import { temp } from '../support/temp.ts';
import { directory, file, plant, symlink } from '../support/tree.ts';
import { type ListOptions, list, type ReadAhead } from './list.ts';

const drivers = ['libc', 'node'] as const;

function wide(): string {
  const root = temp();
  plant(root, { link: symlink('d0'), '.gitignore': file('*.log\n'), empty: directory() });
  for (let i = 0; i < 30; i++) {
    plant(root, { [`d${i}/e/f/x`]: file(), [`d${i}/x.log`]: file(), [`d${i}/e/y\xff`]: file() });
  }
  plant(root, { 'd7/.gitignore': file('!x.log\n/e/f/\n') });
  return root;
}

/** Of the process only what is in the tree: tests that ran before this one may have left something to be closed yet. */
const openFiles = (root: string): number => openFilesOf(process.pid).filter((path) => path.startsWith(root)).length;

/** Answers come in any order. */
const anyOrder = (read: ReadAhead): ReadAhead => {
  let calls = 0;
  return (...args) => {
    const answer = read(...args);
    const ms = (calls++ * 7) % 5;
    return answer === null ? null : answer.finally(() => delay(ms));
  };
};

const ways: [string, ListOptions][] = [
  ['plain', {}],
  ['patterns', { exclude: ['d1*/e/f'] }],
  ['.gitignore', { gitignore: true }],
];

for (const driver of drivers) {
  test.each(ways)(`what answers late is listed as what does not: %s, driver ${driver}`, async (_name, options) => {
    const root = wide();
    const expected = await list(root, { ...options, driver });
    let most = 0;
    let now = 0;
    const late = (read: ReadAhead): ReadAhead => {
      const inner = anyOrder(read);
      return (...args) => {
        most = Math.max(most, ++now);
        const answer = inner(...args);
        return answer === null ? null : answer.finally(() => now--);
      };
    };
    const { inOrder, paths, errors, unmatched } = await list(root, { ...options, driver, late });
    expect({ paths, errors, unmatched }).toEqual({ paths: expected.paths, errors: [], unmatched: expected.unmatched });
    // Entries of one directory come together, and after it.
    const parents = inOrder.map((path) => parentOf(path)).filter((dir, index, all) => dir !== all[index - 1]);
    expect(parents).toHaveLength(new Set(parents).size);
    for (const [index, path] of inOrder.entries()) {
      if (parentOf(path) !== '' && !inOrder.slice(0, index).includes(parentOf(path))) expect.fail(`${path} came early`);
    }
    expect(most).toBeGreaterThan(1);
    expect(most).toBeLessThanOrEqual(17);
    expect(openFiles(root)).toBe(0);
  });
}

test('a directory whose reading ahead fails is listed in the ordinary way', async () => {
  const root = wide();
  const expected = await list(root);
  const { inOrder, errors } = await list(root, {
    late: (read) => (dir, path, options) =>
      path.endsWith('3') ? Promise.reject(new Error('EMFILE')) : read(dir, path, options),
  });
  expect([...inOrder].sort()).toEqual(expected.paths);
  expect(errors).toEqual([]);
});

test.each(ways)('a directory that never answers does not keep the walk from its end: %s', async (_name, options) => {
  const root = wide();
  let isCancelled = false;
  const walk = list(root, {
    ...options,
    cancelled: () => isCancelled,
    late: (read) => (dir, path, how) => (path === 'd12' ? new Promise(() => {}) : read(dir, path, how)),
  });
  setTimeout(() => {
    isCancelled = true;
  }, 50);
  await expect(walk).rejects.toThrow(Cancelled);
  await expect.poll(() => openFiles(root), { timeout: 20_000 }).toBe(0);
});

test.each(drivers)('a link on the way to a directory is not followed: driver %s', async (driver) => {
  const root = temp();
  plant(root, { 'a/b/x': file(), link: symlink('a'), 'z/x': file() });
  const { paths, errors } = await list(root, {
    driver,
    // As if `z` had been replaced by a link while it waited.
    late: (read) => (dir, path, options) => read(dir, path === 'z' ? 'link/b' : path, options),
  });
  expect(paths).toEqual(['a', 'a/b', 'a/b/x', 'link', 'z', 'z/x']);
  expect(errors).toEqual([]);
});
