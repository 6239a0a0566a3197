import { expect, test } from 'vitest';
import type { Executor } from '../../src/schedule/executor.ts';
import { TracedExecutor } from '../../src/schedule/traced-executor.ts';

test('a traced run sees the same workers, so it makes the same jobs', () => {
  const executor = { workers: 2, started: 1, capacity: 4 } as Executor;
  const { workers, started, capacity } = new TracedExecutor(executor, () => {});
  expect({ workers, started, capacity }).toEqual(executor);
});
