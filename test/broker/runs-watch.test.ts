import { expect } from 'vitest';
import type { Redis } from '../../src/broker/bullmq.ts';
import { connect } from '../../src/broker/connection.ts';
import { RunsWatch } from '../../src/broker/runs-watch.ts';
import { RUNS } from '../../src/broker/shared-run.ts';
import { needs } from '../support/needs.ts';
import { redisServer, until } from './machines.ts';

const test = needs('redis-server', 'redis-cli');

test('a watch whose line was lost listens again, and may be closed before the broker has answered', async () => {
  const redis = await redisServer();
  const client = await connect(redis.url);
  const copies: Redis[] = [];
  const { duplicate } = client;
  client.duplicate = (options) => {
    const copy = duplicate(options);
    copies.push(copy);
    return copy;
  };
  const watch = new RunsWatch(client, new AbortController().signal);
  const listens = () => redis.cli('PUBSUB', 'NUMSUB', RUNS).endsWith('1');
  await until(listens);
  redis.cli('CLIENT', 'KILL', 'TYPE', 'pubsub');
  await until(listens);
  // An error that nobody catches fails the run of the tests.
  const closed = new Promise<void>((resolve) => {
    copies[0]?.once('ready', () => {
      watch.close();
      copies[0]?.stream.destroy();
      resolve();
    });
  });
  redis.cli('CLIENT', 'KILL', 'TYPE', 'pubsub');
  await closed;
  await until(() => !listens());
  client.disconnect();
  expect(copies).toHaveLength(1);
});
