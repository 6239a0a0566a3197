// What a program and its children leave behind: output, errors, an exit code, no processes.
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, openSync, readdirSync, readFileSync } from 'node:fs';
import { text } from 'node:stream/consumers';
import { describe, expect, test } from 'vitest';
import { NoteFile } from '../../src/process/notes.ts';
import { temp } from '../support/temp.ts';
import { runs, until } from './toolkit.ts';

const FIXTURES = new URL('./fixtures/', import.meta.url).pathname;

function program(file: string, args: string[] = [], env: NodeJS.ProcessEnv = {}) {
  const child = spawn(process.execPath, [FIXTURES + file, ...args], {
    env: { ...process.env, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const exit = once(child, 'exit') as Promise<[code: number | null, signal: string | null]>;
  return { child, exit };
}

async function run(file: string, args: string[] = [], env: NodeJS.ProcessEnv = {}) {
  const { child, exit } = program(file, args, env);
  const [stdout, stderr, [code]] = await Promise.all([text(child.stdout), text(child.stderr), exit]);
  return { code, stdout, stderr };
}

async function firstLine(child: ChildProcess): Promise<string> {
  let line = '';
  for await (const part of child.stdout ?? []) {
    line += part;
    if (line.includes('\n')) break;
  }
  return line.trim();
}

describe('output', () => {
  test.each(['printInProcess', 'printInPool'])('all of it arrives at a slow reader: %s', (name) => {
    const shell = `'${process.execPath}' '${FIXTURES}endings.js' ${name} | (sleep 0.5; wc -l)`;
    expect(spawnSync('sh', ['-c', shell], { encoding: 'utf8' }).stdout.trim()).toBe('20000');
  });

  test.each(['printInProcess', 'printInPool'])('a reader that is gone holds nobody up: %s', async (name) => {
    const { child, exit } = program('endings.js', [name]);
    child.stdout.destroy();
    child.stderr.resume();
    expect(await exit).toEqual([0, null]);
  });
});

describe('errors that nobody looks at', () => {
  test('of a process are printed, with its name and its stack, and set the exit code', async () => {
    const { code, stderr } = await run('endings.js', ['unjoined']);
    expect(stderr).toMatch(/^Process-1: RangeError: not joined\n {4}at fail \(.*endings\.js/);
    expect(code).toBe(1);
  });

  test('are printed while the program waits for what will not come', async () => {
    const { child, exit } = program('endings.js', ['waitingForTheDead']);
    let printed = '';
    for await (const part of child.stderr) {
      printed += part;
      if (printed.includes('no producer')) break;
    }
    child.kill();
    await exit;
    expect(printed).toContain('no producer');
  });

  test.each(['joinedLater', 'readInTheSameTurn', 'taskLookedAtLate', 'disposed'])(
    'are no alarm when they are looked at: %s',
    async (name) => {
      expect(await run('endings.js', [name])).toMatchObject({ code: 0, stderr: '' });
    },
  );

  test('of a task are printed at the end', async () => {
    const { code, stderr } = await run('endings.js', ['taskIgnored']);
    expect(stderr).toMatch(/^a task of a pool: RangeError: nobody looked\n {4}at fail /);
    expect(code).toBe(1);
  });
});

describe('a program without its guard', () => {
  test.each(['process', 'pool', 'preload'])('is told so, and starts no more: %s', async (kind) => {
    const { code, stdout, stderr } = await run('unguarded.js', [], { KIND: kind });
    expect(stderr).toContain('isMainProcess()');
    expect(code).toBe(1);
    expect(stdout.match(/begun/g)?.length).toBeLessThan(5);
  });
});

describe('children that compute', () => {
  const endings: [string, string, NodeJS.Signals | null][] = [
    ['exit', 'exit', null],
    ['an error', 'throw', null],
    ['Ctrl-C', '', 'SIGINT'],
    ['SIGTERM', '', 'SIGTERM'],
    ['SIGKILL', '', 'SIGKILL'],
  ];
  test.each(endings)('end with their parent, and those below them: %s', async (_, argument, signal) => {
    const { child, exit } = program('endings.js', ['busy', argument]);
    const pids = (await firstLine(child)).split(' ').map(Number);
    expect(pids).toHaveLength(4);
    if (signal !== null) child.kill(signal);
    await exit;
    await until(() => !pids.some(runs));
  });

  test('end where nothing native is wanted, too', async () => {
    const { child, exit } = program('endings.js', ['busy'], { PCOPY_DRIVER: 'node' });
    const pids = (await firstLine(child)).split(' ').map(Number);
    child.kill('SIGKILL');
    await exit;
    await until(() => !pids.some(runs));
  });

  test('begin no further item of a chunk', async () => {
    const directory = temp();
    const { exit } = program('endings.js', ['chunk', `${directory}/item`], { PCOPY_DRIVER: 'node' });
    await exit;
    // It may have made its file and not written into it yet.
    const worker = () => Number(readFileSync(`${directory}/item.0`, 'utf8'));
    await until(() => worker() > 0 && !runs(worker()));
    expect(readdirSync(directory)).toEqual(['item.0']);
  });
});

describe('a program that closes nothing ends all the same', () => {
  test.each(['openPool', 'poolOutOfScope', 'openManager', 'brokenOff'])('%s', async (name) => {
    expect(await run('endings.js', [name])).toMatchObject({ code: 0, stderr: '' });
  });

  test('but not before its tasks', async () => {
    expect(await run('endings.js', ['workInHand'])).toEqual({ code: 0, stdout: '16\n', stderr: '' });
  });
});

test('a note that cannot be read is no note, and its file is closed', () => {
  const notes = new NoteFile();
  closeSync(notes.fd);
  const unreadable = Object.assign(notes, { fd: openSync('/', 'r') });
  expect(unreadable.take()).toBeNull();
  expect(() => closeSync(unreadable.fd)).toThrow('EBADF');
});
