import { expect, test } from 'vitest';
import { Machines } from '../../src/broker/machines.ts';

test('this machine has the first numbers, whoever is heard of first, and counts once', () => {
  const own = { name: 'own:1', jobs: 2 };
  const other = { name: 'other:2', jobs: 3 };
  const machines = new Machines(own);
  expect(machines.count).toBe(2);
  expect([machines.workerOf(other, 0), machines.workerOf(own, 1), machines.workerOf(other, 2)]).toEqual([2, 1, 4]);
  expect(machines.count).toBe(5);
});

test('with -j 0 it has none', () => {
  const machines = new Machines({ name: 'own:1', jobs: 0 });
  expect(machines.count).toBe(0);
  expect(machines.workerOf({ name: 'other:2', jobs: 3 }, 0)).toBe(0);
});
