import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { expect, test } from 'vitest';
import { runs, until } from './toolkit.ts';

function script(name: string): { program: ChildProcess; firstLine: Promise<string>; ended: Promise<unknown[]> } {
  const path = new URL('./fixtures/scripts.js', import.meta.url).pathname;
  const program = spawn(process.execPath, [path, name], { stdio: ['ignore', 'pipe', 'inherit'] });
  const firstLine = new Promise<string>((resolve) => {
    let text = '';
    program.stdout.on('data', (part: Buffer) => {
      text += part.toString();
      if (text.includes('\n')) resolve(text.trim());
    });
    program.once('close', () => resolve(text.trim()));
  });
  return { program, firstLine, ended: once(program, 'exit') };
}

test('a script that closes what it opened exits by itself', async () => {
  const { firstLine, ended } = script('everything');
  expect(await firstLine).toBe('done');
  expect(await ended).toEqual([0, null]);
});

test('daemons hold a script only while it waits for them, and end with it', async () => {
  const { firstLine, ended } = script('daemons');
  const pids = (await firstLine).split(' ').map(Number);
  expect(await ended).toEqual([0, null]);
  expect(pids).toHaveLength(3);
  await until(() => !pids.some(runs));
});

test('a worker that is discarded holds a script until it is gone', async () => {
  const { firstLine, ended } = script('discarded');
  expect(await firstLine).toBe('gone');
  expect(await ended).toEqual([0, null]);
});

test('a killed parent takes all below it along', async () => {
  const { program, firstLine, ended } = script('family');
  const pids = (await firstLine).split(' ').map(Number);
  expect(pids.every(runs)).toBe(true);
  program.kill('SIGKILL');
  await ended;
  await until(() => !pids.some(runs));
});
