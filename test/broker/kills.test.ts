import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync } from 'node:fs';
import { expect } from 'vitest';
import { FULL } from '../faults/support/matrix.ts';
import { familyOf, membersOf, pause, send } from '../faults/support/moment.ts';
import { busyTree, plantOld, plantSource } from '../faults/support/scene.ts';
import { type Expectation, halfFiles, judge, lostFiles } from '../faults/support/verdict.ts';
import { type Item, survey } from '../support/compare.ts';
import { needs } from '../support/needs.ts';
import { Random } from '../support/random.ts';
import { rsyncDifferences } from '../support/rsync.ts';
import { copy, type Finished, type Running } from '../support/run.ts';
import { removeTree, temp } from '../support/temp.ts';
import { cuttable, helper, LOCK_MS, type RedisServer, redisServer, shared, until } from './machines.ts';

/** `FAULTS=full`: the hundred that the promise was tried with. */
const RUNS = FULL ? 100 : 4;

const FAULTS = [
  'helper killed',
  'worker killed',
  'coordinator killed',
  'broker killed, back with its data',
  'broker killed, back without',
  'helper paused',
  'line cut',
] as const;
type Fault = (typeof FAULTS)[number];

const OPTIONS: readonly (readonly string[])[] = [[], ['-a', '--delete'], ['-u'], ['--verify'], ['--fsync', '--delete']];

interface Scene {
  mark: string;
  redis: RedisServer;
  line: { cut(): void; mend(): void };
  run: Running;
  helpers: [Running, Running];
  random: Random;
}

needs(
  'redis-server',
  'redis-cli',
  'rsync',
  'python3',
)(
  `one of all machines is lost at ${RUNS} random moments: whole files, nothing lost, nothing left, and the next run completes`,
  { timeout: 3_600_000 },
  async () => {
    const top = temp();
    mkdirSync(`${top}/src`);
    const source = plantSource(`${top}/src`, busyTree());
    const failures: string[] = [];
    const seen: Record<string, number> = {};
    const lasts = new Map<string, number>();
    const once = async (number: number): Promise<void> => {
      const random = new Random(number);
      // All of them in turn, and different ones in a short sample.
      const fault = FAULTS[(3 * number) % FAULTS.length] ?? 'helper killed';
      const options = OPTIONS[random.below(OPTIONS.length)] ?? [];
      const destination = `${top}/${number}`;
      const hasOld = random.below(2) === 1;
      if (hasOld) plantOld(destination);
      const expected: Expectation = {
        source,
        before: hasOld ? survey(destination) : new Map<string, Item>(),
        from: `${top}/src`,
        destination,
        deletes: options.includes('--delete'),
      };
      const key = options.join(' ');
      const { ending, wrong, ms } = await loseSomewhere(expected, {
        fault,
        options,
        random,
        last: lasts.get(key) ?? 2000,
      });
      if (ms !== null) lasts.set(key, ms);
      const what = `run ${number}, ${key}, ${hasOld ? 'old, ' : ''}${ending}`;
      seen[ending] = (seen[ending] ?? 0) + 1;
      const next = await copy([expected.from, destination, '-u', ...options]);
      wrong.push(...judge(next, expected));
      // A directory that was there keeps its mode.
      const isKept = (line: string) =>
        (line.startsWith('*deleting') && !expected.deletes) || /^\.d\.{3}p\.{5} /.test(line);
      wrong.push(...rsyncDifferences(expected.from, destination).filter((line) => !isKept(line)));
      if (wrong.length > 0) failures.push(`${what}\n${wrong.join('\n')}`);
      removeTree(destination);
    };
    let number = 0;
    const lane = async (): Promise<void> => {
      while (number < RUNS) await once(number++);
    };
    await Promise.all([lane(), lane()]);
    expect(failures).toEqual([]);
    console.log(`| losses | ${RUNS} runs | ${JSON.stringify(seen)} |`);
  },
);

interface Loss {
  fault: Fault;
  options: readonly string[];
  random: Random;
  /** Milliseconds that such a run took without a loss. */
  last: number;
}

async function loseSomewhere(
  expected: Expectation,
  { fault, options, random, last }: Loss,
): Promise<{ ending: string; wrong: string[]; ms: number | null }> {
  const { destination, from } = expected;
  const redis = await redisServer({ keepsData: fault === 'broker killed, back with its data' });
  const line = await cuttable(redis);
  const env = { PCOPY_TEST_CASE: destination };
  const allow = from.slice(0, -'/src'.length);
  const helpers = await Promise.all([helper(line.url, allow, { env }), helper(redis.url, allow, { env })]);
  // What is verified is read again as a whole.
  const slow = ['--chunk-size', options.includes('--verify') ? '1K' : '8', '--batch', '1', '--reflink', 'never'];
  const began = performance.now();
  const run = shared(redis.url, [from, destination, '-j', `${random.below(2)}`, ...slow, ...options], { env });
  const lasted = run.done.then(() => performance.now() - began);
  lasted.catch(() => {});
  await pause(random.next() * last);
  const wasOver = run.child.exitCode !== null;
  const undo = await lose({ mark: destination, redis, line, run, helpers, random }, fault);
  const result = await run.done;
  const ms = wasOver ? await lasted : null;
  const wrong = judgeLoss(result, expected, fault);
  await until(() => redis.keys().length === 0).catch(() => wrong.push(`left at the broker: ${redis.keys().join(' ')}`));
  const before = stateOf(destination);
  undo();
  for (const { child } of helpers) child.kill('SIGTERM');
  for (const { code, signal, stderr } of await Promise.all(helpers.map(({ done }) => done))) {
    if (code !== 143 && signal !== 'SIGKILL') wrong.push(`a helper ended with ${code ?? signal}`, stderr);
  }
  await until(() => membersOf(destination).length === 0).catch(() => wrong.push('orphans'));
  // Not even by who woke up when the run was over.
  if (run.child.signalCode === null && stateOf(destination) !== before) wrong.push('changed after the end of the run');
  await redis.kill();
  const ending = `${wasOver ? 'after ' : ''}${fault}: ${result.signal ?? `exit ${result.code}`}`;
  return { ending, wrong: wrong.length === 0 ? [] : [...wrong, result.stderr], ms };
}

/** @returns what ends the state when the run is over */
async function lose({ redis, line, run, helpers, random }: Scene, fault: Fault): Promise<() => void> {
  const [first] = helpers;
  const some = <T>(of: readonly T[]): T | undefined => of[random.below(Math.max(of.length, 1))];
  const while_ = (): Promise<void> => pause(random.next() * 2 * LOCK_MS);
  switch (fault) {
    case 'helper killed':
    case 'coordinator killed': {
      const { pid } = fault === 'helper killed' ? first : run;
      // Alone, or all of its processes at once.
      send(random.below(2) === 0 ? pid : -pid, 'SIGKILL');
      return () => {};
    }
    case 'worker killed': {
      const [, ...workers] = familyOf(first.pid);
      const worker = some(workers);
      if (worker !== undefined) send(worker, 'SIGKILL');
      return () => {};
    }
    case 'broker killed, back with its data':
    case 'broker killed, back without':
      await redis.kill();
      await while_();
      await redis.start();
      return () => {};
    case 'helper paused':
      send(-first.pid, 'SIGSTOP');
      return () => void send(-first.pid, 'SIGCONT');
    case 'line cut':
      line.cut();
      await while_();
      if (random.below(2) === 0) line.mend();
      return () => line.mend();
    default:
      return fault satisfies never;
  }
}

function judgeLoss(result: Finished, expected: Expectation, fault: Fault): string[] {
  const { code, signal, stderr } = result;
  if (signal === 'SIGKILL') return [...halfFiles(expected), ...lostFiles(expected)];
  // The broker was gone before the run had begun.
  if (!existsSync(expected.destination)) return code === 3 ? [] : [`exit ${code} without a destination`];
  const wrong = judge({ ...result, stderr: withoutWarnings(stderr) }, expected);
  // The entry that a killed worker had in hand is the one that fails, as on one machine.
  const failed = stderr.split('\n').filter((line) => line.includes('(EPCOPY_WORKER)'));
  if (code === 1 && !(fault === 'worker killed' && new Set(failed).size === 1)) wrong.push(`exit ${code}`);
  if (code === 4 && !(fault.startsWith('broker') && /run again with -u/.test(stderr))) wrong.push(`exit ${code}`);
  return wrong;
}

function withoutWarnings(stderr: string): string {
  return stderr.replaceAll(/^pcopy: .*: warning: .*\n/gm, '');
}

// Not the access times, which a survey changes.
function stateOf(destination: string): string {
  return spawnSync('find', [destination, '-printf', '%p %i %C@\n'], { encoding: 'utf8' }).stdout;
}
