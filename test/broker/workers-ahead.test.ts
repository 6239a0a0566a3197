import { expect } from 'vitest';
import { needs } from '../support/needs.ts';
import { processes, workersOf } from '../support/processes.ts';
import { expectRsyncSame } from '../support/rsync.ts';
import { temp } from '../support/temp.ts';
import { file, plant } from '../support/tree.ts';
import { helper, redisServer, shared, until } from './machines.ts';

const test = needs('redis-server', 'redis-cli', 'rsync');

const pidsOf = (pid: number): number[] => workersOf(pid).map((worker) => worker.pid);

test('a helper without a run has two workers ready, which the next run takes and ends; none outlives it', async () => {
  const top = temp();
  plant(`${top}/src`, { 'd/a': file('a') });
  const redis = await redisServer();
  const waiting = await helper(redis.url, top, { jobs: 3 });
  await until(() => pidsOf(waiting.pid).length === 2);
  const first = pidsOf(waiting.pid);
  // One that is gone when it is wanted is replaced.
  process.kill(first[0] ?? 0, 'SIGKILL');
  expect((await shared(redis.url, [`${top}/src`, `${top}/dest`, '-j', '0']).done).code).toBe(0);
  expectRsyncSame(`${top}/src`, `${top}/dest`);
  const isAlive = (among: number[]) => processes().some(({ pid }) => among.includes(pid));
  await until(() => !isAlive(first));
  await until(() => pidsOf(waiting.pid).length === 2);
  const second = pidsOf(waiting.pid);
  process.kill(waiting.pid, 'SIGKILL');
  await until(() => !isAlive(second));
});
