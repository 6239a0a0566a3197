import { spawnSync } from 'node:child_process';
import { mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { Queue } from 'bullmq';
import { Redis } from 'ioredis';
import { expect, onTestFinished } from 'vitest';
import { needs } from '../support/needs.ts';
import { expectRsyncSame } from '../support/rsync.ts';
import { pcopy, type Running } from '../support/run.ts';
import { temp } from '../support/temp.ts';
import { helper, plantTree, type RedisServer, redisServer, shared, until } from './machines.ts';

const test = needs('redis-server', 'redis-cli', 'rsync', 'python3', 'root', 'unshare');

function planted(): { top: string; source: string; destination: string } {
  const top = temp();
  const [source, destination] = [`${top}/src`, `${top}/dest`];
  mkdirSync(source);
  plantTree(source, 500, 0);
  return { top, source, destination };
}

/** A run that waits for helpers. What it publishes lasts while a busy machine holds it up: it publishes nothing again. */
async function waiting(redis: RedisServer, source: string, destination: string): Promise<Running> {
  const env = { PCOPY_BROKER_LOCK_MS: '15000' };
  const run = shared(redis.url, [source, destination, '-j', '0'], { env });
  await until(() => redis.keys().some((key) => key.endsWith(':wait')));
  return run;
}

const runKey = (redis: RedisServer) => redis.keys().find((key) => key.endsWith(':run')) ?? '';

test('who sees another destination, an empty one, a read-only one or none that is allowed does not help, by name', async () => {
  const { top, source, destination } = planted();
  const elsewhere = temp();
  const redis = await redisServer();
  const run = await waiting(redis, source, destination);
  const inNamespace = (script: string) => ['unshare', '-m', 'sh', '-c', `${script} && exec "$@"`, 'sh'];
  // What no later state of the caches can change is said at once.
  const neverAgain = { PCOPY_BROKER_LOCK_MS: '600000' };
  const wrong = await Promise.all([
    helper(redis.url, top, { prefix: inNamespace(`mount -t tmpfs tmpfs ${destination}`) }),
    helper(redis.url, top, {
      prefix: inNamespace(`mount --bind ${destination} ${destination} && mount -o remount,bind,ro ${destination}`),
      env: neverAgain,
    }),
    helper(redis.url, top, { prefix: inNamespace(`mount -t tmpfs tmpfs ${source}`) }),
    helper(redis.url, elsewhere, { env: neverAgain }),
    helper(redis.url, top, { prefix: inNamespace(`mount -t tmpfs tmpfs ${source}/1`), env: neverAgain }),
  ]);
  const whys = [
    'dest is another directory here',
    'dest cannot be written to here',
    'src is another directory here',
    'is in no directory that --allow names',
    `another file system is mounted at ${source}/1`,
  ];
  await until(() => wrong.every(({ output }, i) => output().stderr.includes(whys[i] ?? '')));
  await until(() => whys.every((why) => run.output().stderr.includes(why)));
  await helper(redis.url, top);
  expect(await run.done).toMatchObject({ code: 0 });
  expectRsyncSame(source, destination);
});

test('a helper does not take part in a run of another version, which is named, or that continues files', async () => {
  const { top, source, destination } = planted();
  const redis = await redisServer();
  const run = await waiting(redis, source, destination);
  const key = runKey(redis);
  const text = redis.cli('GET', key);
  redis.cli('SET', key, text.replace(/"version":"[^"]*"/, '"version":"9.8.7"'), 'KEEPTTL');
  const old = await helper(redis.url, top);
  await until(() => /of pcopy 9\.8\.7, this helper of \d+\.\d+\.\d+/.test(old.output().stderr));
  await until(() => run.output().stderr.includes('9.8.7'));
  redis.cli('SET', key, text.replace('"partial":false', '"partial":true'), 'KEEPTTL');
  const strict = await helper(redis.url, top);
  await until(() => strict.output().stderr.includes('what it says of itself is not what a run of pcopy says'));
  run.child.kill('SIGTERM');
  expect((await run.done).code).toBe(143);
});

test('a job of another shape, or one that leads out, is refused, said once, and the helper goes on', async () => {
  const { top, source, destination } = planted();
  writeFileSync(`${top}/outside`, 'as it was');
  symlinkSync(top, `${source}/way-out`);
  const redis = await redisServer();
  const run = await waiting(redis, source, destination);
  const id = runKey(redis).split(':')[1] ?? '';
  const client = new Redis({ path: redis.url.slice('unix://'.length), maxRetriesPerRequest: null });
  const queue = new Queue(id, { connection: client, prefix: 'pcopy' });
  onTestFinished(async () => {
    await queue.close();
    client.disconnect();
  });
  const bad: unknown[] = [
    null,
    { kind: 'exec', command: 'true' },
    { kind: 'delete', dir: '..', names: 'outside', types: 'f' },
    { kind: 'delete', dir: '', names: '../outside', types: 'f' },
    { kind: 'delete', dir: 'a\0../b\0..', names: 'outside', types: 'f' },
    { kind: 'delete', dir: '', names: 'a', types: 'ff' },
    { kind: 'finish', made: ['../..'], kept: [], last: true, listedAs: [null] },
    { kind: 'entries', groups: [{ dir: '/etc', names: 'passwd', types: 'f' }] },
    { kind: 'links', groups: [{ target: '../outside', targetIdentity: 'D:0:1', deferredAs: 'S:0:1', paths: ['x'] }] },
    { kind: 'discard', path: 'x', split: { temporary: '../outside' } },
  ];
  for (const [i, job] of bad.entries()) await queue.add('job', job, { jobId: `j${1_000_000 + i}`, lifo: true });
  // A link of the destination's is not followed by a job that is well-formed.
  mkdirSync(destination, { recursive: true });
  symlinkSync(top, `${destination}/out`);
  const through = { kind: 'delete', dir: 'out', names: 'outside', types: 'f' };
  await queue.add('job', through, { jobId: 'j2000000', lifo: true });
  const working = await helper(redis.url, top);
  const { code } = await run.done;
  expect(code).toBe(0);
  expect(readFileSync(`${top}/outside`, 'utf8')).toBe('as it was');
  const said = working
    .output()
    .stderr.split('\n')
    .filter((line) => line.includes('refused a job'));
  expect(new Set(said).size).toBe(said.length);
  expect(said.length).toBeGreaterThan(3);
  expect(await shared(redis.url, [source, `${top}/again`, '-j', '0']).done).toMatchObject({ code: 0 });
});

function openFiles(pid: number): string[] {
  return spawnSync('find', [`/proc/${pid}/fd`, '-type', 'l', '-printf', '%l\n'], { encoding: 'utf8' }).stdout.split(
    '\n',
  );
}

test('a run of another shape at the broker is named once, takes no descriptors, and hides no other run', async () => {
  const { top, source, destination } = planted();
  const redis = await redisServer();
  const model = await waiting(redis, source, `${top}/model`);
  const key = runKey(redis);
  // A name that the queue refuses, with a good description; and a key of another type.
  redis.cli('SET', 'pcopy:a:b:run', redis.cli('GET', key));
  redis.cli('ZADD', 'pcopy:runs', '1', 'a:b');
  redis.cli('LPUSH', 'pcopy:00000000-1-0000000000000000:run', 'x');
  redis.cli('ZADD', 'pcopy:runs', '2', '00000000-1-0000000000000000');
  const working = await helper(redis.url, top);
  expect(await model.done).toMatchObject({ code: 0 });
  expect(await shared(redis.url, [source, destination, '-j', '0']).done).toMatchObject({ code: 0 });
  const said = () =>
    working
      .output()
      .stderr.split('\n')
      .filter((line) => line.includes('does not help'));
  await until(() => said().length > 1 && !openFiles(working.pid).some((file) => file.endsWith('(deleted)')));
  expect(said()).toEqual([expect.stringContaining('run a:b'), expect.stringContaining('WRONGTYPE')]);
});

test('worker is a command only before the address of a broker', async () => {
  const { top } = planted();
  mkdirSync(`${top}/worker`);
  writeFileSync(`${top}/worker/file`, 'content');
  expect(await pcopy(['worker', 'dest'], { cwd: top })).toMatchObject({ code: 0 });
  expect(readFileSync(`${top}/dest/file`, 'utf8')).toBe('content');
  expect(await pcopy(['worker', 'redis://127.0.0.1:1'])).toMatchObject({
    code: 2,
    stderr: expect.stringMatching(/--allow.*\nTry 'pcopy worker --help'\.\n$/),
  });
  expect(await pcopy(['worker', 'redis://127.0.0.1:1', '--allow', `${top}/none`])).toMatchObject({
    code: 3,
    stderr: `pcopy: ${top}/none: cannot be allowed: no such file or directory (ENOENT)\n`,
  });
});
