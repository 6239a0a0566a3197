import { mkdirSync } from 'node:fs';
import { expect, test } from 'vitest';
import { RateShares } from '../../src/broker/rate-shares.ts';
import { slowFile } from '../e2e/slow.ts';
import { needs } from '../support/needs.ts';
import { expectRsyncSame } from '../support/rsync.ts';
import { temp } from '../support/temp.ts';
import { plant } from '../support/tree.ts';
import { helper, plantTree, redisServer, shared, until } from './machines.ts';

const withRedis = needs('redis-server', 'redis-cli', 'rsync', 'python3');

const sumOf = (values: Iterable<number>): number => [...values].reduce((sum, value) => sum + value, 0);

test('a machine gets more only when the others have said that they use less', () => {
  const shares = new RateShares(120);
  const used = new Map<string, number>();
  let count = 0;
  const round = (...names: string[]): Record<string, number> => {
    const jobs = (name: string) => (name === 'big' ? 2 : 1);
    for (const name of names) {
      shares.heard({ name, jobs: jobs(name), used: used.get(name) ?? 0, count: ++count }, count);
    }
    const granted = shares.grant(count);
    expect(sumOf(granted.values())).toBeLessThanOrEqual(120);
    // What those use that have not heard yet, too.
    expect(sumOf([...granted].map(([name, share]) => Math.max(share, used.get(name) ?? 0)))).toBeLessThanOrEqual(120);
    for (const name of names) used.set(name, granted.get(name) ?? 0);
    return Object.fromEntries(granted);
  };
  expect(round('a')).toEqual({ a: 120 });
  expect(round('a', 'big')).toEqual({ a: 40, big: 0 });
  expect(round('a', 'big')).toEqual({ a: 40, big: 80 });
  // One that is silent keeps what it uses, until its leases are over.
  expect(round('big', 'c')).toEqual({ a: 30, big: 60, c: 0 });
  expect(round('big', 'c')).toEqual({ a: 30, big: 60, c: 20 });
  count += 60_000;
  shares.heard({ name: 'c', jobs: 1, used: 20, count: ++count }, count);
  expect(Object.fromEntries(shares.grant(count))).toEqual({ c: 120 });
});

test('a machine that has nothing to do leaves the rate to the others', () => {
  const shares = new RateShares(120);
  const round = (nowMs: number, idle: number, used: number): number[] => {
    shares.heard({ name: 'idle', jobs: idle, used: 0, count: nowMs }, nowMs);
    shares.heard({ name: 'busy', jobs: 2, used, count: nowMs }, nowMs);
    return [...shares.grant(nowMs).values()];
  };
  expect(round(1, 0, 0)).toEqual([expect.closeTo(120 / 21), expect.closeTo(2400 / 21)]);
  // Lowered first, and raised when that is known.
  expect(round(2, 2, 2400 / 21)).toEqual([expect.closeTo(120 / 21), 60]);
  expect(round(3, 2, 60)).toEqual([60, 60]);
});

withRedis('an idle helper leaves its share of --bwlimit to the one that copies', async () => {
  const top = temp();
  const rate = 200_000;
  plant(`${top}/src`, { long: slowFile(1_000_000) });
  const redis = await redisServer();
  await Promise.all([1, 2].map(() => helper(redis.url, top)));
  const run = shared(redis.url, [`${top}/src`, `${top}/dest`, '-j', '0', '--bwlimit', String(rate)]);
  await until(() => {
    const key = redis.keys().find((name) => name.endsWith(':rates-granted')) ?? 'none';
    const granted = redis.cli('--raw', 'HVALS', key).split('\n').map(Number);
    return granted.length === 2 && Math.max(...granted) > 0.9 * rate;
  });
  expect((await run.done).code).toBe(0);
});

withRedis('--bwlimit is one rate for all machines', async () => {
  const top = temp();
  mkdirSync(`${top}/src`);
  plantTree(`${top}/src`, 1500, 0);
  const redis = await redisServer();
  const rate = 1_500_000;
  const options = ['-j', '1', '--bwlimit', String(rate), '--progress', 'json'];
  const helpers = await Promise.all([1, 2].map(() => helper(redis.url, top)));
  const run = shared(redis.url, [`${top}/src`, `${top}/dest`, ...options]);
  let most = 0;
  await until(() => {
    const key = redis.keys().find((name) => name.endsWith(':rates-granted')) ?? 'none';
    const granted = redis.cli('--raw', 'HVALS', key).split('\n').map(Number);
    most = Math.max(most, sumOf(granted));
    return granted.filter((share) => share > 0).length === 3;
  });
  const { code, stdout } = await run.done;
  expect(code).toBe(0);
  const end = JSON.parse(stdout.trim().split('\n').at(-1) ?? '') as Record<string, unknown>;
  expect(end).toMatchObject({ type: 'end' });
  const { totals, elapsedMs } = end as { totals: { bytes: number }; elapsedMs: number };
  // Each of the five workers pauses for all but the last 20 ms of what it has copied.
  expect(elapsedMs).toBeGreaterThan((totals.bytes / rate) * 1000 - 5 * 20);
  expect(most).toBeLessThanOrEqual(rate * 1.000001);
  expectRsyncSame(`${top}/src`, `${top}/dest`);
  expect(redis.keys()).toEqual([]);
  for (const { child } of helpers) child.kill('SIGTERM');
});
