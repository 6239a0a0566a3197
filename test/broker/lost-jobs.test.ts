import { expect, onTestFinished, vi } from 'vitest';
import { Broker } from '../../src/broker/broker.ts';
import { connect } from '../../src/broker/connection.ts';
import { copyTree } from '../../src/run/copy-tree.ts';
import { WorkerLimit } from '../../src/schedule/worker-limit.ts';
import { slowFile } from '../e2e/slow.ts';
import { temporaryFiles } from '../faults/support/scene.ts';
import { needs } from '../support/needs.ts';
import { expectRsyncSame } from '../support/rsync.ts';
import { temp } from '../support/temp.ts';
import { file, plant } from '../support/tree.ts';
import { cuttable, helper, LOCK_MS, type RedisServer, redisServer, shared, until } from './machines.ts';

const test = needs('redis-server', 'redis-cli', 'rsync');
const traced = needs('redis-server', 'redis-cli', 'rsync', 'strace');

function keyOf(redis: RedisServer, end: string): string {
  return redis.keys().find((key) => key.endsWith(end)) ?? '';
}

/** How often such events are in the stream of the run, with this field. */
function eventsOf(redis: RedisServer, event: string, field = ''): number {
  const lines = redis.cli('--raw', 'XRANGE', keyOf(redis, ':events') || 'none', '-', '+').split('\n');
  return lines.filter((line, at) => line === event && (field === '' || lines.slice(at, at + 4).includes(field))).length;
}

test('a job that is gone from the broker is added again, whatever has happened to it', async () => {
  const top = temp();
  plant(`${top}/src`, { 'd/a': file('a'), 'd/b': file('b') });
  const redis = await redisServer();
  const run = shared(redis.url, [`${top}/src`, `${top}/dest`, '-j', '0']);
  await until(() => keyOf(redis, ':j1') !== '');
  expect(redis.cli('LREM', keyOf(redis, ':wait'), '0', 'j1')).toBe('1');
  redis.cli('DEL', keyOf(redis, ':j1'));
  await helper(redis.url, top);
  expect((await run.done).code).toBe(0);
  expectRsyncSame(`${top}/src`, `${top}/dest`);
});

test('a job whose report is on the way is not added again', async () => {
  vi.stubEnv('PCOPY_BROKER_LOCK_MS', String(LOCK_MS));
  const top = temp();
  plant(`${top}/src`, { a: file('a') });
  const redis = await redisServer();
  const line = await cuttable(redis);
  const [client, late] = await Promise.all([connect(redis.url), connect(line.url)]);
  onTestFinished(() => late.disconnect());
  // The events come over this one.
  client.duplicate = late.duplicate.bind(late);
  const broker = new Broker(client, { url: redis.url, warn: () => {}, bytesPerSecond: null });
  onTestFinished(() => broker.close());
  const done = copyTree(
    `${top}/src`,
    `${top}/dest`,
    {},
    {
      executor: (setup) => broker.executor({ ...setup, limit: new WorkerLimit(0, 0) }),
    },
  );
  await until(() => eventsOf(redis, 'added', 'j1') === 1);
  // Who hears nothing for long connects again.
  line.refuse();
  line.hold();
  await helper(redis.url, top);
  await until(() => eventsOf(redis, 'completed', 'j1') === 1);
  redis.cli('DEL', keyOf(redis, ':run'));
  const beats = eventsOf(redis, 'beat');
  // The coordinator has looked often enough to find it gone for longer than a lock.
  await until(() => eventsOf(redis, 'beat') > beats + 5 || eventsOf(redis, 'added', 'j1') > 1);
  expect(eventsOf(redis, 'added', 'j1')).toBe(1);
  line.mend();
  line.release();
  expect((await done).outcome).toBe('complete');
  expectRsyncSame(`${top}/src`, `${top}/dest`);
});

test('the broker comes back without its data, with a clock that is behind: its events are heard', async () => {
  const top = temp();
  plant(`${top}/src`, { 'd/a': slowFile(2_000_000), 'd/b': slowFile(2_000_000) });
  const redis = await redisServer();
  await helper(redis.url, top);
  const run = shared(redis.url, [`${top}/src`, `${top}/dest`, '-j', '0', '--chunk-size', '1', '--batch', '1']);
  await until(() => eventsOf(redis, 'active') > 0);
  // What follows has this time too.
  redis.cli('XADD', keyOf(redis, ':events'), '8000000000000-0', 'event', 'later');
  await until(() => eventsOf(redis, 'progress') > 1);
  await redis.kill();
  await redis.start();
  expect((await run.done).code).toBe(0);
  expectRsyncSame(`${top}/src`, `${top}/dest`);
});

traced('a job that is done over after the loss of the data leaves the time of its directory as it is', async () => {
  const top = temp();
  const size = 66 << 20;
  plant(`${top}/src`, { 'd/huge': { type: 'sparse', size, data: [[5, 'data']], mode: 0o644 } });
  const redis = await redisServer();
  const delay = ['-e', 'trace=ftruncate', '-e', 'inject=ftruncate:delay_enter=5s'];
  const killed = await helper(redis.url, top, { prefix: ['strace', '-f', '-qq', '-o', '/dev/null', ...delay] });
  const run = shared(redis.url, [`${top}/src`, `${top}/dest`, '-j', '0']);
  // Made, and not reported.
  await until(() => temporaryFiles(`${top}/dest/d`).length === 1);
  process.kill(-killed.pid, 'SIGKILL');
  await redis.kill();
  await redis.start();
  await helper(redis.url, top);
  expect((await run.done).code).toBe(0);
  expectRsyncSame(`${top}/src`, `${top}/dest`);
});

test('a line that is dead but not closed: the helper connects again', async () => {
  const top = temp();
  plant(`${top}/src`, { a: file('a') });
  const redis = await redisServer();
  const line = await cuttable(redis);
  const cutOff = await helper(line.url, top);
  line.hold();
  await until(() => cutOff.output().stderr.includes('is back'));
  expect((await shared(redis.url, [`${top}/src`, `${top}/dest`, '-j', '0']).done).code).toBe(0);
});
