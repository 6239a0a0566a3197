import { existsSync, mkdirSync } from 'node:fs';
import { expect } from 'vitest';
import type { JsonEnd, JsonEvent } from '../../src/ui/json-events.ts';
import { SLOW, slowFile } from '../e2e/slow.ts';
import { needs } from '../support/needs.ts';
import { openFiles, workersOf } from '../support/processes.ts';
import { expectRsyncSame } from '../support/rsync.ts';
import { pcopy } from '../support/run.ts';
import { temp } from '../support/temp.ts';
import { file, plant } from '../support/tree.ts';
import { helper, plantTree, redisServer, shared, until } from './machines.ts';

const test = needs('redis-server', 'redis-cli', 'rsync', 'python3');

test('three helpers and the run’s own workers copy a tree; each has done some, and nothing is left at the broker', async () => {
  const top = temp();
  mkdirSync(`${top}/src`);
  plantTree(`${top}/src`, 2000);
  const redis = await redisServer();
  const helpers = await Promise.all([1, 2, 3].map(() => helper(redis.url, top)));
  const { code, stdout, stderr } = await shared(redis.url, [
    `${top}/src`,
    `${top}/dest`,
    '-j',
    '2',
    '--progress',
    'json',
  ]).done;
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  expectRsyncSame(`${top}/src`, `${top}/dest`, { also: 'AX' });
  const events = stdout
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as JsonEvent);
  const end = events.at(-1) as JsonEnd;
  const { machines = {} } = end;
  expect(Object.values(machines).every((entries) => entries > 0)).toBe(true);
  expect(Object.values(machines).reduce((sum, entries) => sum + entries)).toBeGreaterThan(2000);
  // The last progress says the same as the end.
  const shown = events.findLast((event) => event.type === 'progress')?.machines ?? [];
  expect(Object.fromEntries(shown.map(({ name, entries }) => [name, entries]))).toEqual(machines);
  expect(shown.reduce((sum, { bytes }) => sum + bytes, 0)).toBe(end.totals.bytes);
  expect(shown.length).toBeGreaterThan(1);
  for (const { working, bytes, bytesPerSecond } of shown) {
    expect({ working, isMoving: bytesPerSecond > 0 }).toEqual({ working: 0, isMoving: bytes > 0 });
  }
  expect(redis.keys()).toEqual([]);
  for (const { child } of helpers) child.kill('SIGTERM');
  expect(await Promise.all(helpers.map(async ({ done }) => (await done).code))).toEqual([143, 143, 143]);
  expect(redis.keys()).toEqual([]);
});

test('an idle machine does what another one has taken behind a long file', async () => {
  const top = temp();
  const files = Array.from(
    { length: 12 },
    (_, i) => [`d${i}/f`, i % 2 === 0 ? file('short') : slowFile(600_000)] as const,
  );
  plant(`${top}/src`, Object.fromEntries(files));
  const redis = await redisServer();
  const run = shared(redis.url, [`${top}/src`, `${top}/dest`, '-j', '0', ...SLOW]);
  const holding = await helper(redis.url, top, { jobs: 1 });
  let worker = 0;
  // In the middle of a file; what it has taken ahead by then stays here as long as it is stopped, unless it is given back.
  await until(() => {
    const [first] = workersOf(holding.pid);
    const isBusy = first !== undefined && openFiles(first.pid).some((path) => /src\/d\d+\/f$/.test(path));
    if (isBusy) process.kill(first.pid, 'SIGSTOP');
    worker = isBusy ? first.pid : 0;
    return isBusy;
  });
  await helper(redis.url, top, { jobs: 1 });
  const copied = () => files.filter(([path]) => existsSync(`${top}/dest/${path}`)).length;
  await until(() => copied() >= files.length - 1);
  process.kill(worker, 'SIGCONT');
  expect((await run.done).code).toBe(0);
  expectRsyncSame(`${top}/src`, `${top}/dest`);
});

test('-j 0 leaves all work to helpers, whenever they come', async () => {
  const top = temp();
  mkdirSync(`${top}/src`);
  plantTree(`${top}/src`, 500);
  const redis = await redisServer();
  const run = shared(redis.url, [`${top}/src`, `${top}/dest`, '-j', '0', '-a', '--fsync', '--verify', '-u']);
  await until(() => run.output().stderr.includes('no machine takes part yet'));
  await helper(redis.url, top);
  expect(await run.done).toMatchObject({ code: 0 });
  expectRsyncSame(`${top}/src`, `${top}/dest`, { also: 'AX' });
});

test('where the channel of runs may not be used, helpers find them all the same', async () => {
  const top = temp();
  plant(`${top}/src`, { 'd/a': file('a') });
  const redis = await redisServer();
  expect(redis.cli('ACL', 'SETUSER', 'default', 'resetchannels')).toBe('OK');
  await helper(redis.url, top);
  expect(await shared(redis.url, [`${top}/src`, `${top}/dest`, '-j', '0']).done).toMatchObject({ code: 0 });
  expectRsyncSame(`${top}/src`, `${top}/dest`);
});

test('two runs at once have the same helpers', async () => {
  const top = temp();
  mkdirSync(`${top}/src`);
  plantTree(`${top}/src`, 1000);
  const redis = await redisServer();
  await helper(redis.url, top);
  const runs = ['a', 'b'].map((name) => shared(redis.url, [`${top}/src`, `${top}/${name}`, '-j', '1']).done);
  for (const { code, stderr } of await Promise.all(runs)) {
    expect(code).toBe(0);
    expect(stderr).toMatch(/entries by machine: .*:\d+ \(here\) \d/);
  }
  for (const name of ['a', 'b']) expectRsyncSame(`${top}/src`, `${top}/${name}`);
  expect(redis.keys()).toEqual([]);
});

test('one helper joins in the middle, another leaves: the run goes on, without a failure', async () => {
  const top = temp();
  mkdirSync(`${top}/src`);
  plantTree(`${top}/src`, 420, 10_000);
  const redis = await redisServer();
  const leaves = await helper(redis.url, top);
  const slow = ['--chunk-size', '1', '--batch', '1', '--reflink', 'never'];
  const run = shared(redis.url, [`${top}/src`, `${top}/dest`, '-j', '0', '--progress', 'json', ...slow]);
  await until(() => run.output().stdout.includes('"type":"progress"'));
  const joins = await helper(redis.url, top);
  await until(() => joins.output().stderr.includes('helps to copy'));
  leaves.child.kill('SIGTERM');
  expect((await leaves.done).code).toBe(143);
  expect(run.child.exitCode).toBe(null);
  const { code, stdout, stderr } = await run.done;
  expect(code, stderr).toBe(0);
  expectRsyncSame(`${top}/src`, `${top}/dest`);
  const { machines } = JSON.parse(stdout.trim().split('\n').at(-1) ?? '') as { machines: Record<string, number> };
  expect(Object.keys(machines).length).toBe(2);
});

test('--delete, --manifest, -a and a type that has changed: as a run of one machine', async () => {
  const top = temp();
  mkdirSync(`${top}/src`);
  plantTree(`${top}/src`, 500);
  mkdirSync(`${top}/dest/extra/deep`, { recursive: true });
  mkdirSync(`${top}/dest/big`);
  const redis = await redisServer();
  await helper(redis.url, top);
  const args = [`${top}/src`, `${top}/dest`, '-a', '--delete', '--manifest', `${top}/sums`, '-j', '0'];
  expect(await shared(redis.url, args).done).toMatchObject({ code: 0 });
  expectRsyncSame(`${top}/src`, `${top}/dest`, { also: 'AX' });
});

test('without a broker that answers both say so and end with 3; no password is shown', async () => {
  const top = temp();
  const url = 'redis://someone:secret@127.0.0.1:1/0';
  const ended = await Promise.all([
    pcopy([top, `${top}/dest`, '--broker', url]),
    pcopy(['worker', url, '--allow', top]),
    pcopy([top, `${top}/dest`], { env: { PCOPY_BROKER: url } }),
  ]);
  for (const { code, stderr } of ended) {
    expect(code).toBe(3);
    expect(stderr).toMatch(/cannot reach the broker redis:\/\/127\.0\.0\.1:1.*ECONNREFUSED/);
    expect(stderr).not.toContain('secret');
  }
});

test('what several machines cannot do is refused, and so is a URL that is none, unseen', async () => {
  const url = 'redis://127.0.0.1:1';
  for (const [option, why] of [
    ['--no-atomic', 'two machines'],
    ['--if-exists=error', 'done again'],
    ['-L', 'link'],
    ['--dry-run', 'dry run'],
  ] as const) {
    const { code, stderr } = await pcopy(['a', 'b', '--broker', url, option]);
    expect({ code, stderr }).toEqual({ code: 2, stderr: expect.stringContaining(why) });
    expect(stderr).toContain(`'${option.replace('=', ' ').replace('-L', '--dereference')}'`);
  }
  const other = await pcopy(['a', 'b'], { env: { PCOPY_BROKER: 'redis' } });
  expect(other).toMatchObject({ code: 2, stderr: expect.stringContaining("'PCOPY_BROKER' is invalid") });
  for (const option of ['--partial', '--no-atomic', '--trace=t']) {
    const { code, stderr } = await pcopy(['a', 'b', option], { env: { PCOPY_BROKER: url } });
    const [name] = option.split('=');
    expect({ code, stderr }).toEqual({
      code: 2,
      stderr: expect.stringContaining(`option '${name}' cannot be used with PCOPY_BROKER (unset it`),
    });
  }
  const { code, stderr } = await pcopy(['a', 'b', '--broker', 'http://x:secret@y']);
  expect({ code, stderr }).toEqual({ code: 2, stderr: expect.not.stringContaining('secret') });
});
