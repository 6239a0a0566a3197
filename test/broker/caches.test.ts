import { spawnSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { expect } from 'vitest';
import { buildSlow } from '../support/mounts.ts';
import { needs } from '../support/needs.ts';
import { expectRsyncSame } from '../support/rsync.ts';
import { ROOT, startCommand } from '../support/run.ts';
import { temp } from '../support/temp.ts';
import { helper, machine, plantTree, redisServer, shared, until } from './machines.ts';

const test = needs('redis-server', 'redis-cli', 'rsync', 'python3', 'fuse', 'unshare', 'nsenter', 'cc', 'pkg-config');

/** A store, and what makes of a command a machine that has mounted it at `at`. */
function store(): { real: string; at: string; prefix: string[] } {
  const top = temp();
  const [real, at] = [`${top}/real`, `${top}/store`];
  for (const path of [real, at, `${real}/src`]) mkdirSync(path);
  expect(buildSlow(top)).toBe(null);
  return { real, at, prefix: machine(top, real, at) };
}

/** Locks last longer than the caches, as they do. */
const env = { PCOPY_BROKER_LOCK_MS: '6000' };

/** Somebody on that machine who looks for everything at the destination all the time, so that it knows what is not there. */
async function looker(pid: number, at: string): Promise<void> {
  const script = `
cd ${at}/dest
while :; do
  (cd ../src && find . -print0) | xargs -0 stat >/dev/null 2>&1
  echo looked
  sleep 1
done`;
  const running = startCommand(['nsenter', '-t', String(pid), '-m', 'sh', '-c', script], { timeoutMs: 120_000 });
  running.done.catch(() => {});
  await until(() => running.output().stdout !== '');
}

function entriesOf(path: string): number {
  return spawnSync('find', [path, '-mindepth', '1', '-printf', '.'], { encoding: 'utf8' }).stdout.length;
}

test('machines whose caches show for 3 s what was there before copy a real tree together', async () => {
  const { real, at, prefix } = store();
  plantTree(`${real}/src`, 420, 70 << 20);
  spawnSync('cp', ['-a', `${ROOT}/node_modules/bullmq`, `${real}/src/real`]);
  // To be removed: entries of their own, and one that stands where a directory goes.
  mkdirSync(`${real}/dest/extra/deep`, { recursive: true });
  for (const path of ['real', 'extra/deep/file']) writeFileSync(`${real}/dest/${path}`, 'old');
  const redis = await redisServer();
  const helpers = await Promise.all([1, 2, 3].map(() => helper(redis.url, at, { prefix, env })));
  for (const { pid } of helpers) await looker(pid, at);
  const args = [`${at}/src`, `${at}/dest`, '-a', '--delete', '-j', '1', '--progress', 'json'];
  const { code, stdout, stderr } = await shared(redis.url, args, { prefix, env }).done;
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  expectRsyncSame(`${real}/src`, `${real}/dest`, { also: 'AX' });
  const { machines, totals } = JSON.parse(stdout.trim().split('\n').at(-1) ?? '');
  const counts = Object.values(machines as Record<string, number>);
  // One that is held up may come when nothing is left to do.
  expect(counts.length).toBeGreaterThanOrEqual(3);
  expect(counts.every((entries) => entries > 0)).toBe(true);
  expect(counts.reduce((sum, entries) => sum + entries) - totals.deleted).toBe(entriesOf(`${real}/src`));
  expect(redis.keys()).toEqual([]);
});
