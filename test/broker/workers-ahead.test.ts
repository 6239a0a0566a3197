import { expect } from 'vitest';
import { needs } from '../support/needs.ts';
import { processes, workersOf } from '../support/processes.ts';
import { expectRsyncSame } from '../support/rsync.ts';
import { temp } from '../support/temp.ts';
import { file, plant } from '../support/tree.ts';
import { helper, redisServer, shared, until } from './machines.ts';

const test = needs('redis-server', 'redis-cli', 'rsync');

const pidsOf = (pid: number): number[] => workersOf(pid).map((worker) => worker.pid);

/** Two workers that are ready, none of which is among those. */
async function twoOther(pid: number, than: readonly number[]): Promise<number[]> {
  let found: number[] = [];
  await until(() => {
    found = pidsOf(pid);
    return found.length === 2 && !found.some((worker) => than.includes(worker));
  });
  return found;
}

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

test('a run whose coordinator dies before there is a queue is left: nothing stays at the broker, and two workers are ready again', async () => {
  const top = temp();
  plant(`${top}/src`, { 'd/a': file('a') });
  const redis = await redisServer();
  const waiting = await helper(redis.url, top);
  const first = await twoOther(waiting.pid, []);
  process.kill(waiting.pid, 'SIGSTOP');
  const run = shared(redis.url, [`${top}/src`, `${top}/dest`, '-j', '0']);
  const keyOfRun = () => redis.keys().find((name) => name.endsWith(':run')) ?? '';
  await until(() => keyOfRun() !== '');
  const key = keyOfRun();
  const text = redis.cli('GET', key);
  process.kill(waiting.pid, 'SIGCONT');
  expect((await run.done).code).toBe(0);
  const second = await twoOther(waiting.pid, first);
  redis.cli('SET', key, text, 'PX', '3000');
  redis.cli('ZADD', 'pcopy:runs', '0', key.split(':')[1] ?? '');
  redis.cli('PUBLISH', 'pcopy:runs', key);
  await until(() => waiting.output().stderr.split('helps to copy').length === 3);
  await until(() => redis.keys().length === 0);
  await twoOther(waiting.pid, second);
});
