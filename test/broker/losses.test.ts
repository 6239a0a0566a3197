import { spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, renameSync, rmSync, symlinkSync } from 'node:fs';
import { expect } from 'vitest';
import { slowFile } from '../e2e/slow.ts';
import { needs } from '../support/needs.ts';
import { openFiles, workersOf } from '../support/processes.ts';
import { expectRsyncSame, rsyncDifferences } from '../support/rsync.ts';
import { DRIVERS, pcopy, ROOT, type Running, startCommand } from '../support/run.ts';
import { temp } from '../support/temp.ts';
import { plant } from '../support/tree.ts';
import { cuttable, helper, LOCK_MS, plantTree, QUICK, redisServer, shared, until } from './machines.ts';

const test = needs('redis-server', 'redis-cli', 'rsync', 'python3');

/** Some microseconds a byte, so that there is a middle to be killed in. */
const SLOW = ['--chunk-size', '1', '--batch', '1', '--reflink', 'never'];

function planted(files = 420): { top: string; source: string; destination: string } {
  const top = temp();
  const [source, destination] = [`${top}/src`, `${top}/dest`];
  mkdirSync(source);
  plantTree(source, files, 10_000);
  return { top, source, destination };
}

function temporaryFiles(top: string): string[] {
  return spawnSync('find', [top, '-name', '.pcopy-*'], { encoding: 'utf8' }).stdout.split('\n').filter(Boolean);
}

/** Has a job of the run in hand, and some work done. */
async function isAtWork(running: Running, destination: string): Promise<void> {
  await until(() => running.output().stderr.includes('helps to copy'));
  await until(() => workersOf(running.pid).length > 0);
  await until(
    () => spawnSync('find', [destination, '-type', 'f'], { encoding: 'utf8' }).stdout.split('\n').length > 100,
  );
}

/** Has ended, or waits for a job: on a busy machine it may have had none in hand. */
function isAtRest(pid: number): boolean {
  const state = spawnSync('ps', ['-o', 'state=,wchan=', '-p', String(pid)], { encoding: 'utf8' }).stdout;
  return /^Z|epoll|ep_poll/.test(state);
}

function signalGroup(running: Running, signal: NodeJS.Signals): void {
  process.kill(-running.pid, signal);
}

test('a helper that is killed, and one of the workers of another: the run completes', async () => {
  const { top, source, destination } = planted();
  const redis = await redisServer();
  const [killed, bereft] = await Promise.all([helper(redis.url, top), helper(redis.url, top)]);
  const run = shared(redis.url, [source, destination, '-j', '1', ...SLOW]);
  await Promise.all([isAtWork(killed, destination), isAtWork(bereft, destination)]);
  signalGroup(killed, 'SIGKILL');
  for (const { pid } of workersOf(bereft.pid).slice(0, 1)) process.kill(pid, 'SIGKILL');
  const { code, stderr } = await run.done;
  // The entry that a worker had in hand is the one that fails, as in a run of one machine.
  expect(code, stderr).toBeLessThanOrEqual(1);
  expect(stderr.split('\n').filter((line) => line.includes('(EPCOPY_')).length).toBeLessThanOrEqual(1);
  expect(rsyncDifferences(source, destination).length).toBeLessThanOrEqual(code === 0 ? 0 : 50);
  expect(temporaryFiles(destination)).toEqual([]);
  expect(redis.keys()).toEqual([]);
  expect(await pcopy([source, destination, '-u'])).toMatchObject({ code: 0 });
  expectRsyncSame(source, destination);
});

// One driver begins files without a name, the other under temporary ones.
test.each(DRIVERS)(
  'a helper that was paused for longer than its locks does no harm when it wakes up (%s)',
  async (driver) => {
    const { top, source, destination } = planted();
    const env = { PCOPY_DRIVER: driver };
    const redis = await redisServer();
    const paused = await helper(redis.url, top, { env });
    const run = shared(redis.url, [source, destination, '-j', '1', ...SLOW], { env });
    await isAtWork(paused, destination);
    signalGroup(paused, 'SIGSTOP');
    expect(await run.done).toMatchObject({ code: 0 });
    expectRsyncSame(source, destination, { seconds: driver === 'node' });
    const listing = () => spawnSync('find', [destination, '-printf', '%p %i %C@ %T@\n'], { encoding: 'utf8' }).stdout;
    const before = listing();
    // Its workers first: nobody is there to tell them that the run is over.
    const workers = workersOf(paused.pid);
    expect(workers.length).toBeGreaterThan(0);
    for (const { pid } of workers) process.kill(pid, 'SIGCONT');
    await until(() => workers.every(({ pid }) => isAtRest(pid)));
    expect(listing()).toBe(before);
    signalGroup(paused, 'SIGCONT');
    expect(redis.keys()).toEqual([]);
    // It is of use again.
    expect(await shared(redis.url, [source, `${top}/again`, '-j', '0']).done).toMatchObject({ code: 0 });
    paused.child.kill('SIGTERM');
    expect((await paused.done).code).toBe(143);
  },
);

test('a helper that is cut off from the broker gives up its jobs, and helps again when it is back', async () => {
  const { top, source, destination } = planted();
  const redis = await redisServer();
  const line = await cuttable(redis);
  const cutOff = await helper(line.url, top);
  const run = shared(redis.url, [source, destination, '-j', '1', ...SLOW]);
  await isAtWork(cutOff, destination);
  line.cut();
  expect(await run.done).toMatchObject({ code: 0 });
  expectRsyncSame(source, destination);
  expect(temporaryFiles(destination)).toEqual([]);
  line.mend();
  expect(await shared(redis.url, [source, `${top}/again`, '-j', '0']).done).toMatchObject({ code: 0 });
  expectRsyncSame(source, `${top}/again`);
});

test('a helper whose further connections fail at first works when they succeed', async () => {
  const { top, source, destination } = planted(20);
  const redis = await redisServer();
  const line = await cuttable(redis);
  const working = await helper(line.url, top);
  line.refuse();
  const run = shared(redis.url, [source, destination, '-j', '0']);
  await until(() => working.output().stderr.includes('helps to copy'));
  await new Promise((resolve) => setTimeout(resolve, LOCK_MS / 3));
  line.mend();
  expect(await run.done).toMatchObject({ code: 0 });
  expectRsyncSame(source, destination);
});

test.each([
  ['that waits', false],
  ['that works', true],
])('a helper %s ends at SIGTERM when the broker is gone', async (_how, works) => {
  const { top, source, destination } = planted();
  const redis = await redisServer();
  const running = await helper(redis.url, top);
  if (works) {
    const run = shared(redis.url, [source, destination, '-j', '0', ...SLOW]);
    run.done.catch(() => {});
    await isAtWork(running, destination);
    signalGroup(run, 'SIGKILL');
  }
  await redis.kill();
  await until(() => running.output().stderr.includes(`the broker ${redis.url} is away; trying again`));
  running.child.kill('SIGTERM');
  const { code, stderr } = await running.done;
  expect({ code, times: stderr.split('is away').length - 1 }).toEqual({ code: 143, times: 1 });
  // What remains is the proof of the coordinator.
  expect(temporaryFiles(destination).length).toBe(works ? 1 : 0);
});

test('a helper that cannot start a worker says so, and helps when it can', async () => {
  const { top, source, destination } = planted(20);
  for (const name of ['bin', 'dist']) cpSync(`${ROOT}/${name}`, `${top}/pcopy/${name}`, { recursive: true });
  for (const name of ['package.json', 'node_modules']) symlinkSync(`${ROOT}/${name}`, `${top}/pcopy/${name}`);
  const [worker, away] = [`${top}/pcopy/dist/worker.cjs`, `${top}/away`];
  renameSync(worker, away);
  const redis = await redisServer();
  const command = [`${top}/pcopy/bin/pcopy.js`, 'worker', redis.url, '--allow', top, '-j', '2'];
  const failing = startCommand([process.execPath, ...command], { env: QUICK, timeoutMs: 120_000 });
  failing.done.catch(() => {});
  const run = shared(redis.url, [source, destination, '-j', '0']);
  await until(() => failing.output().stderr.includes('no worker process can be started'));
  renameSync(away, worker);
  expect(await run.done).toMatchObject({ code: 0 });
  expectRsyncSame(source, destination);
});

test('a lock that is lost costs time, and no entry of the jobs whose workers end with its own', async () => {
  const top = temp();
  const [source, destination] = [`${top}/src`, `${top}/dest`];
  plant(source, { 'a/one': slowFile(1_500_000), 'b/two': slowFile(1_500_000) });
  const redis = await redisServer();
  const working = await helper(redis.url, top);
  const run = shared(redis.url, [source, destination, '-j', '0', ...SLOW]);
  const atWork = () => workersOf(working.pid).filter(({ pid }) => openFiles(pid).some((path) => /one|two/.test(path)));
  await until(() => atWork().length === 2);
  const [lock = ''] = redis.keys().filter((key) => key.endsWith(':lock'));
  expect(redis.cli('DEL', lock)).toBe('1');
  expect(await run.done).toMatchObject({ code: 0 });
  expectRsyncSame(source, destination);
  expect(temporaryFiles(destination)).toEqual([]);
});

test('a coordinator that is killed leaves nothing: helpers give up, and clear up at the broker', async () => {
  const { top, source, destination } = planted();
  const redis = await redisServer();
  const working = await helper(redis.url, top);
  const run = shared(redis.url, [source, destination, '-j', '1', ...SLOW]);
  run.done.catch(() => {});
  await isAtWork(working, destination);
  signalGroup(run, 'SIGKILL');
  await until(() => redis.keys().length === 0);
  expect(await pcopy([source, destination, '-u'])).toMatchObject({ code: 0 });
  expectRsyncSame(source, destination);
  expect(temporaryFiles(destination)).toEqual([]);
});

test('a coordinator that was paused is helped again by its only helper, also when the proof at the destination is gone', async () => {
  const { top, source, destination } = planted();
  const redis = await redisServer();
  const working = await helper(redis.url, top);
  const run = shared(redis.url, [source, destination, '-j', '0', ...SLOW]);
  let text = '';
  await until(() => {
    const key = redis.keys().find((name) => name.endsWith(':run'));
    text = key === undefined ? '' : redis.cli('GET', key);
    return text !== '';
  });
  await isAtWork(working, destination);
  run.child.kill('SIGSTOP');
  // As the run does when it comes to its end.
  rmSync(`${destination}/${JSON.parse(text).proof.name}`, { force: true });
  // It has left.
  await until(() => workersOf(working.pid).length === 0);
  run.child.kill('SIGCONT');
  const { code, stderr } = await run.done;
  expect({ code, stderr }).toEqual({ code: 0, stderr: expect.stringContaining('copied') });
  expectRsyncSame(source, destination);
});

test('an interrupted run: files in hand are given up everywhere, nothing is left', async () => {
  const { top, source, destination } = planted();
  const redis = await redisServer();
  const working = await helper(redis.url, top);
  const run = shared(redis.url, [source, destination, '-j', '1', ...SLOW]);
  await isAtWork(working, destination);
  run.child.kill('SIGINT');
  expect((await run.done).code).toBe(130);
  expect(temporaryFiles(destination)).toEqual([]);
  await until(() => redis.keys().length === 0);
});

test.each([
  ['SIGTERM', '0', 143],
  ['SIGINT', '1', 130],
] as const)('the broker is gone: a run ends at %s with -j %s', async (signal, jobs, code) => {
  const { source, destination } = planted();
  const redis = await redisServer();
  const run = shared(redis.url, [source, destination, '-j', jobs, ...SLOW]);
  await until(() => redis.keys().some((key) => key.endsWith(':wait')));
  await redis.kill();
  run.child.kill(signal);
  expect((await run.done).code).toBe(code);
  expect(temporaryFiles(destination)).toEqual([]);
});

test.each([
  ['with its data', true],
  ['without', false],
])('the broker is killed and comes back %s: the run completes', async (_how, keepsData) => {
  const { top, source, destination } = planted();
  const redis = await redisServer({ keepsData });
  const working = await helper(redis.url, top);
  const run = shared(redis.url, [source, destination, '-j', '1', ...SLOW]);
  await isAtWork(working, destination);
  await redis.kill();
  await new Promise((resolve) => setTimeout(resolve, LOCK_MS / 2));
  await redis.start();
  const { code, stderr } = await run.done;
  expect({ code, stderr }).toEqual({ code: 0, stderr: expect.stringContaining('copied') });
  expectRsyncSame(source, destination);
  expect(temporaryFiles(destination)).toEqual([]);
  await until(() => redis.keys().length === 0);
});
