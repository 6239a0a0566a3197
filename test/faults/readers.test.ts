import { existsSync, mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { SLOW, slowFile } from '../e2e/slow.ts';
import { needs } from '../support/needs.ts';
import { catches, childrenOf } from '../support/processes.ts';
import { Random } from '../support/random.ts';
import { expectExit, start, until } from '../support/run.ts';
import { temp } from '../support/temp.ts';
import { file, plant } from '../support/tree.ts';
import { FULL } from './support/matrix.ts';
import { membersOf, pause, send } from './support/moment.ts';
import { temporaryFiles } from './support/scene.ts';
import { fullPipe, STOPPED, type Stuck } from './support/stopped-readers.ts';

const SIGNALS = { SIGINT: 130, SIGTERM: 143, SIGHUP: 129 } as const;
type Ending = keyof typeof SIGNALS;

interface Situation {
  options: readonly string[];
  /** Whose reader has stopped. */
  output: 1 | 2;
  prepare(top: string): void;
  /** The moment for the signal. */
  ripe(run: Stuck, top: string): Promise<void>;
}

const LONG = 'n'.repeat(240);
const someTime = () => pause(500);

function plantMany(dir: string, count: number): void {
  mkdirSync(dir, { recursive: true });
  for (let i = 0; i < count; i++) writeFileSync(`${dir}/${LONG}${i}`, '');
}

/** A list of which nothing is there. */
function plantMissing(top: string): void {
  plant(`${top}/src`, { a: file('a') });
  writeFileSync(`${top}/list`, Array.from({ length: 6000 }, (_, i) => `${LONG}${i}\n`).join(''));
}

/** The phases of a run, each with an output that nobody reads. */
const SITUATIONS = {
  'copying, with -v': {
    options: [...SLOW, '-v', '-j', '2'],
    output: 1,
    prepare: (top) => plant(`${top}/src`, { 'a/big': slowFile(), 'b/big': slowFile(), c: file('c') }),
    ripe: (run) => until(() => childrenOf(run.commandPid).length === 2, 'two workers').then(someTime),
  },
  'held back, in a dry run': {
    options: ['--dry-run'],
    output: 1,
    prepare: (top) => plantMany(`${top}/src`, 3500),
    ripe: someTime,
  },
  'held back, with errors told as JSON': {
    options: ['--progress=json', '--files-from', 'list'],
    output: 1,
    prepare: plantMissing,
    ripe: someTime,
  },
  'held back by error lines': {
    options: ['--files-from', 'list'],
    output: 2,
    prepare: plantMissing,
    ripe: someTime,
  },
  'deleting, with -v': {
    options: ['--delete', '-v'],
    output: 1,
    prepare: (top) => {
      plant(`${top}/src`, { a: file('a') });
      plantMany(`${top}/dst`, 5000);
    },
    ripe: (_run, top) => until(() => readdirSync(`${top}/dst`).length < 5000, 'the first deletion').then(someTime),
  },
  'at the end, which waits for its reader': {
    options: ['-v'],
    output: 1,
    prepare: (top) => plantMany(`${top}/src`, 1500),
    ripe: async (run, top) => {
      await until(() => existsSync(`${top}/dst`) && readdirSync(`${top}/dst`).length === 1500, 'the copy');
      await until(() => childrenOf(run.commandPid).length === 0, 'the end of the workers');
    },
  },
  'with a bar': {
    options: [...SLOW, '--progress=bar', '-j', '2'],
    output: 2,
    prepare: (top) => plant(`${top}/src`, { 'a/big': slowFile(), 'b/big': slowFile() }),
    ripe: (run) => until(() => childrenOf(run.commandPid).length === 2, 'two workers').then(() => pause(1500)),
  },
} satisfies Record<string, Situation>;

type Name = keyof typeof SITUATIONS;
type Reader = keyof typeof STOPPED;

const SAMPLE: readonly [Name, Reader, Ending][] = [
  ['copying, with -v', 'pipe', 'SIGINT'],
  ['held back, in a dry run', 'terminal', 'SIGTERM'],
  ['held back, with errors told as JSON', 'socket', 'SIGHUP'],
  ['held back by error lines', 'pipe', 'SIGINT'],
  ['deleting, with -v', 'pipe', 'SIGTERM'],
  ['at the end, which waits for its reader', 'socket', 'SIGINT'],
  ['with a bar', 'terminal', 'SIGINT'],
];

const names = <T extends object>(table: T) => Object.keys(table) as (keyof T)[];
const ALL = names(SITUATIONS).flatMap((name) =>
  names(STOPPED).flatMap((reader) => names(SIGNALS).map((signal) => [name, reader, signal] as const)),
);

async function stuckIn(name: Name, reader: Reader, top: string): Promise<Stuck> {
  const situation: Situation = SITUATIONS[name];
  situation.prepare(top);
  const args = [...situation.options, 'src', 'dst'];
  const run = await STOPPED[reader](situation.output, args, top, { cwd: top, env: { PCOPY_TEST_CASE: top } });
  const ended = run.done.then((result) => {
    throw new Error(`it ended by itself, with ${result.code}: ${result.stderr}`);
  });
  const caught = until(() => catches(run.commandPid, 'SIGHUP'), 'handlers for signals');
  await Promise.race([caught.then(() => situation.ripe(run, top)), ended]);
  ended.catch(() => {});
  return run;
}

async function expectNothingLeft(top: string): Promise<void> {
  await until(() => membersOf(top).length === 0, 'the end of every process', 5_000);
  if (existsSync(`${top}/dst`)) expect(temporaryFiles(`${top}/dst`)).toEqual([]);
}

describe('a reader that has stopped keeps no signal from ending a run', () => {
  needs('mkfifo', 'python3').for(FULL ? ALL : SAMPLE)(
    '%s: a %s, %s',
    { timeout: 180_000 },
    async ([name, reader, signal]) => {
      const top = temp();
      const run = await stuckIn(name, reader, top);
      send(run.commandPid, signal);
      expectExit(await run.done, SIGNALS[signal]);
      await expectNothingLeft(top);
    },
  );

  needs('mkfifo', 'python3').for(FULL ? ALL : SAMPLE.slice(0, 1))(
    '%s: a %s, %s and another one',
    { timeout: 180_000 },
    async ([name, reader, signal]) => {
      const top = temp();
      const run = await stuckIn(name, reader, top);
      send(run.commandPid, signal);
      send(run.commandPid, signal === 'SIGTERM' ? 'SIGINT' : 'SIGTERM');
      const { code } = await run.done;
      expect([SIGNALS[signal], signal === 'SIGTERM' ? 130 : 143]).toContain(code);
      await until(() => membersOf(top).length === 0, 'the end of every process', 5_000);
    },
  );

  needs('mkfifo')('at any moment', { timeout: 600_000 }, async () => {
    const random = new Random(3);
    for (let i = 0; i < (FULL ? 60 : 2); i++) {
      const top = temp();
      plantMany(`${top}/src`, 3000);
      const run = await STOPPED.pipe(1, ['src', 'dst', '-v', '-j', '2'], top, {
        cwd: top,
        env: { PCOPY_TEST_CASE: top },
      });
      await pause(60 + random.below(800));
      send(run.commandPid, 'SIGINT');
      const { code, signal, stderr } = await run.done;
      // Before Node has set up its handlers a signal is nobody's but the system's.
      if (signal !== 'SIGINT') expect(code, stderr).toBe(130);
      await expectNothingLeft(top);
    }
  });
});

needs('python3')('a terminal that is closed ends the run as SIGHUP does', async () => {
  const top = temp();
  const run = await stuckIn('with a bar', 'terminal', top);
  send(run.pid, 'SIGUSR1');
  expectExit(await run.done, 129);
  await expectNothingLeft(top);
});

needs('mkfifo')('a manifest whose reader has stopped keeps no signal from ending a run', async () => {
  const top = temp();
  fullPipe(`${top}/fifo`);
  plantMany(`${top}/src`, 10);
  const args = ['src', 'dst', '--manifest', 'fifo'];
  const run = start(args, { cwd: top, env: { PCOPY_TEST_CASE: top } });
  const copied = () => existsSync(`${top}/dst`) && readdirSync(`${top}/dst`).length === 10;
  await until(() => copied() && childrenOf(run.pid).length === 0, 'the copy');
  send(run.pid, 'SIGTERM');
  expectExit(await run.done, 143);
  await expectNothingLeft(top);
});

test('a reader that is slow gets every line', async () => {
  const top = temp();
  plantMany(`${top}/src`, 2500);
  const run = await STOPPED.socket(1, ['--dry-run', 'src', 'dst'], top, { cwd: top });
  await someTime();
  run.child.stdout?.resume();
  const { stdout } = expectExit(await run.done, 0);
  expect(stdout.split('\n').length).toBe(2501);
});
