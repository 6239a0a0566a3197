import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';

async function run(example: string, args: string[] = [], env: NodeJS.ProcessEnv = {}): Promise<string[]> {
  const path = new URL(example, import.meta.url).pathname;
  const { stdout, stderr } = await promisify(execFile)(process.execPath, [path, ...args], {
    env: { ...process.env, ...env },
  });
  expect(stderr).toBe('');
  return stdout.trimEnd().split('\n');
}

test('producer and consumer with an end marker', async () => {
  expect(await run('producer-consumer.js')).toEqual(['got copy', 'got a', 'got folder', 'got the end marker']);
});

test('a joinable queue with daemons', async () => {
  expect(await run('joinable-queue.js')).toEqual(['all done, the squares add up to 385']);
});

test('a pipe and its end', async () => {
  const lines = await run('pipe.js');
  expect(lines[0]).toBe("received { any: 'value' }");
  expect(lines[1]).toMatch(/^received <Buffer /);
  expect(lines[2]).toBe('end of file');
});

test('many processes count down to 0 under a lock', async () => {
  expect(await run('manager-lock.js', [], { PROCESSES: '30' })).toEqual(['30 processes counted down to 0']);
});

test('a queue that is full and one that is empty', async () => {
  expect(await run('full-and-empty.js')).toEqual([
    'full: true, size: 3',
    'put: no room within 100 ms',
    'putNowait: the queue is full',
    'one two three',
    'empty: true',
    'get: no item within 100 ms',
    'getNowait: the queue is empty',
  ]);
});

test('a pool against a process for each task', async () => {
  const lines = await run('pool-map.js', [], { TASKS: '8' });
  expect(lines[0]).toBe('8 results, the first is 1229');
  expect(lines[1]).toMatch(/^a pool of 2 took \d+ ms, a process for each task \d+ ms$/);
});

test('apply and applyAsync', async () => {
  const lines = await run('apply.js');
  expect(lines.filter((line) => line.endsWith('done'))).toEqual(
    ['a', 'b', 'c', 'd', 'e', 'f'].map((name) => `${name} done`),
  );
  expect(lines).toContain('ready at once? false');
});

test('callbacks run in the parent', async () => {
  const lines = await run('callback.js');
  const parent = lines[0]?.match(/^the parent is (\d+)$/)?.[1];
  expect(lines).toContain(`the callback runs in ${parent}: 2`);
  expect(lines).toContain(`the error callback runs in ${parent}: division by zero`);
  const task = lines.find((line) => line.startsWith('the task runs in'))?.match(/\d+$/)?.[0];
  expect(task).toBeDefined();
  expect(task).not.toBe(parent);
});

test('tasks of a pool with a manager’s queue', async () => {
  const lines = await run('pool-and-queue.js');
  expect(lines.sort()).toEqual(['a: 100 %', 'a: 50 %', 'b: 100 %', 'b: 50 %', 'c: 100 %', 'c: 50 %']);
});

test('a folder copier', async () => {
  const place = await mkdtemp(join(tmpdir(), 'pcopy-example-'));
  try {
    await mkdir(join(place, 'source/deep/er'), { recursive: true });
    for (const name of ['a', 'deep/b', 'deep/er/c']) await writeFile(join(place, 'source', name), `in ${name}`);
    expect(await run('copy-folder.js', [join(place, 'source'), join(place, 'copy')])).toEqual(['3 files copied']);
    expect(await readFile(join(place, 'copy/deep/er/c'), 'utf8')).toBe('in deep/er/c');
  } finally {
    await rm(place, { recursive: true });
  }
});
