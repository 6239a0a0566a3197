import { writeFileSync } from 'node:fs';
import { afterEach, describe, expect, test } from 'vitest';
import type { AsyncResult, CurrentProcess, ProcessPool, Queue as QueueType } from '../../src/process/index.ts';
import { temp } from '../support/temp.ts';
import {
  fixture,
  MisuseError,
  NotCloneable,
  Pool,
  PoolClosed,
  pipe,
  prestartWorker,
  Queue,
  runs,
  until,
  WaitTimeout,
  WorkerLost,
} from './toolkit.ts';

const square = fixture<[number], number>('tasks.js', 'square');
const squareAfter = fixture<[number, milliseconds: number], number>('tasks.js', 'squareAfter');
const squareLater = fixture<[number], number>('tasks.js', 'squareLater');
const who = fixture<[], CurrentProcess>('tasks.js', 'who');
const die = fixture<[note: number], never>('tasks.js', 'die');
const recall = fixture<[], unknown>('tasks.js', 'recall');
type Gate = [arrivals: QueueType<number>, gate: QueueType<string>];
const waitAtGate = fixture<Gate, string>('tasks.js', 'waitAtGate');
const dieAtGate = fixture<Gate, never>('tasks.js', 'dieAtGate');

const pools: ProcessPool[] = [];
function newPool(...args: ConstructorParameters<typeof Pool>): ProcessPool {
  const pool = new Pool(...args);
  pools.push(pool);
  return pool;
}
afterEach(async () => {
  await Promise.all(pools.splice(0).map((pool) => pool.terminate()));
});

async function lossOf(result: AsyncResult<unknown>): Promise<InstanceType<typeof WorkerLost>> {
  const error = await result.get().catch((reason: unknown) => reason);
  expect(error).toBeInstanceOf(WorkerLost);
  return error as InstanceType<typeof WorkerLost>;
}

describe('tasks', () => {
  test('run and give their results, sync and async', async () => {
    const pool = newPool(2);
    expect(await pool.apply(square, [7])).toBe(49);
    expect(await pool.apply(squareLater, [8])).toBe(64);
  });

  test('resize: more are started for what waits; of fewer only those within the size get tasks', async () => {
    const pool = newPool(1);
    const arrivals = new Queue<number>();
    const gate = new Queue<string>();
    const waiting = Array.from({ length: 4 }, () => pool.apply(waitAtGate, [arrivals, gate]));
    await arrivals.get();
    pool.resize(3);
    const others = [await arrivals.get(), await arrivals.get()];
    expect(pool.workers.slice(1).map(({ pid }) => pid)).toEqual(expect.arrayContaining(others));
    pool.resize(1);
    for (const _each of waiting) await gate.put('go');
    await Promise.all(waiting);
    const who3 = await Promise.all([1, 2, 3].map(() => pool.apply(who, [])));
    expect(who3.map(({ index }) => index)).toEqual([0, 0, 0]);
    expect(() => pool.resize(0)).toThrow(RangeError);
  });

  test('startsAtOnce: the next worker is started when one is up, and all that there is work for come up', async () => {
    const pool = newPool(3, { startsAtOnce: 1 });
    const arrivals = new Queue<number>();
    const gate = new Queue<string>();
    const waiting = Array.from({ length: 3 }, () => pool.apply(waitAtGate, [arrivals, gate]));
    expect(pool.workers).toHaveLength(1);
    const pids = [await arrivals.get(), await arrivals.get(), await arrivals.get()];
    expect(new Set(pids).size).toBe(3);
    for (const _each of waiting) await gate.put('go');
    await Promise.all(waiting);
    expect(() => newPool(1, { startsAtOnce: 0 })).toThrow(RangeError);
  });

  test('expect: workers start before their tasks are there, no more than the size', async () => {
    const pool = newPool(2, { startsAtOnce: 1 });
    pool.expect(3);
    expect(pool.workers).toHaveLength(1);
    await until(() => pool.workers.filter(({ busy }) => !busy).length === 2);
    expect(await pool.apply(square, [7])).toBe(49);
    expect(() => pool.expect(-1)).toThrow(RangeError);
  });

  test('an error comes back with its class, properties, the stack of the child, and its own cause', async () => {
    const pool = newPool(1);
    const error = await pool.apply(fixture('tasks.js', 'fail'), ['oh']).catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(TypeError);
    expect(error).toMatchObject({ message: 'oh', code: 'EFIXTURE' });
    const origin = (error as Error).cause as Error;
    expect(origin.stack).toContain('tasks.js');
    expect((origin.cause as Error).message).toBe('the reason');
  });

  test('what is thrown need not be an error', async () => {
    const pool = newPool(1);
    await expect(pool.apply(fixture('tasks.js', 'failWithString'), [])).rejects.toThrow('just words');
    await expect(pool.apply(fixture('tasks.js', 'failWithoutText'), [])).rejects.toThrow('null prototype');
  });

  test('a value that cannot be cloned is named, on both sides', async () => {
    const pool = newPool(1);
    const into = pool.apply(fixture('tasks.js', 'square'), [{ deep: [() => 1] }]);
    await expect(into).rejects.toMatchObject({ name: 'NotCloneable', path: '[0].deep[0]' });
    await expect(into).rejects.toBeInstanceOf(NotCloneable);
    await expect(pool.apply(fixture('tasks.js', 'returnFunction'), [])).rejects.toThrow('.rows[1]');
    expect(await pool.apply(square, [3])).toBe(9);
  });

  test('a name that the module does not export', async () => {
    const pool = newPool(1);
    await expect(pool.apply(fixture('tasks.js', 'nothing'), [])).rejects.toThrow("exports no function 'nothing'");
  });

  test('callbacks run here, in the order of the results', async () => {
    const pool = newPool(1);
    const seen: unknown[] = [];
    const note = (value: unknown): void => {
      seen.push(value);
    };
    pool.applyAsync(square, [2], { callback: note, errorCallback: note });
    pool.applyAsync(fixture('tasks.js', 'fail'), ['oh'], { callback: note, errorCallback: note });
    pool.close();
    await pool.join();
    expect(seen).toEqual([4, expect.objectContaining({ message: 'oh' })]);
  });
});

describe('a result', () => {
  test('can be waited for with a limit, and asked how it went', async () => {
    const pool = newPool(1);
    const [arrivals, gate] = [new Queue<number>(), new Queue<string>()];
    const result = pool.applyAsync(waitAtGate, [arrivals, gate]);
    await arrivals.get();
    expect(result.ready()).toBe(false);
    expect(() => result.successful()).toThrow(MisuseError);
    expect(await result.wait({ timeout: 1 })).toBe(false);
    await expect(result.get({ timeout: 1 })).rejects.toBeInstanceOf(WaitTimeout);
    await gate.put('open');
    expect(await result.get({ timeout: 1e12 })).toBe('open');
    expect(await result.wait()).toBe(true);
    expect(result.successful()).toBe(true);
    const failed = pool.applyAsync(fixture('tasks.js', 'fail'), ['x']);
    expect(await failed.wait()).toBe(true);
    expect(failed.successful()).toBe(false);
  });
});

describe('workers', () => {
  test('are started on demand and no more than the size', async () => {
    const pool = newPool(2);
    expect(pool.workers).toEqual([]);
    await pool.apply(square, [1]);
    await pool.apply(square, [2]);
    expect(pool.workers).toMatchObject([{ index: 0, busy: false }]);
    const results = [1, 2, 3, 4, 5].map((number) => pool.applyAsync(squareLater, [number]));
    expect(pool.workers).toMatchObject([
      { index: 0, busy: true },
      { index: 1, busy: true },
    ]);
    expect(await Promise.all(results)).toEqual([1, 4, 9, 16, 25]);
  });

  test('know who they are', async () => {
    const pool = newPool(1);
    const { pid } = await pool.apply(who, []);
    expect(await pool.apply(who, [])).toEqual({ name: 'Worker-1', index: 0, pid, daemon: true });
    expect(pool.workers).toEqual([{ index: 0, pid, busy: false }]);
  });

  test('are set up before their first task, with what they are given, also when prestarted and replaced', async () => {
    const early = prestartWorker({ preload: [square.module], notes: true });
    const queue = new Queue<string>();
    const pool = newPool(1, {
      prestarted: [early],
      notes: true,
      initializer: fixture('tasks.js', 'setUp'),
      initargs: [{ queue, size: 3 }],
    });
    expect(await pool.apply(who, [])).toMatchObject({ pid: early.pid });
    expect(await lossOf(pool.applyAsync(die, [0xfffffffe]))).toMatchObject({ note: 0xfffffffe, pid: early.pid });
    const given = (await pool.apply(recall, [])) as { queue: QueueType<string>; size: number };
    expect(given.size).toBe(3);
    await given.queue.put('it is the same queue');
    expect(await queue.get()).toBe('it is the same queue');
  });

  test('prestarted ones that are not wanted are ended', async () => {
    const [one, two] = [prestartWorker(), prestartWorker()];
    newPool(1, { prestarted: [one, two] });
    await until(() => !runs(two.pid ?? 0));
    expect(runs(one.pid ?? 0)).toBe(true);
    const three = prestartWorker();
    await three.discard();
    expect(runs(three.pid ?? 0)).toBe(false);
  });

  test('are replaced after maxTasksPerChild', async () => {
    const pool = newPool(1, { maxTasksPerChild: 2 });
    const pids: number[] = [];
    for (let count = 0; count < 5; count++) pids.push((await pool.apply(who, [])).pid);
    expect(new Set(pids).size).toBe(3);
    expect(pids[0]).toBe(pids[1]);
    expect(pids[2]).toBe(pids[3]);
  });

  test('leave the signals of a terminal to their parent', async () => {
    const pool = newPool(1);
    const pid = (await pool.apply(who, [])).pid;
    process.kill(pid, 'SIGINT');
    process.kill(pid, 'SIGHUP');
    expect((await pool.apply(who, [])).pid).toBe(pid);
  });

  test('64 at once', async () => {
    const pool = newPool(64);
    const [arrivals, gate] = [new Queue<number>(64), new Queue<string>(64)];
    const results = Array.from({ length: 64 }, () => pool.apply(waitAtGate, [arrivals, gate]));
    const pids = new Set<number>();
    for (const _result of results) pids.add(await arrivals.get());
    expect(pids.size).toBe(64);
    for (const _result of results) await gate.put('open');
    await Promise.all(results);
  });
});

describe('a worker that dies', () => {
  test('fails its task, named and noted, and its slot is filled again', async () => {
    const pool = newPool(2, { notes: true });
    const lost = await lossOf(pool.applyAsync(die, [42]));
    expect(lost).toMatchObject({ index: 0, exitCode: null, signal: 'SIGKILL', note: 42, started: true });
    expect(await pool.apply(who, [])).toMatchObject({ index: 0 });
    const exited = await lossOf(pool.applyAsync(fixture('tasks.js', 'exit'), [7]));
    expect(exited).toMatchObject({ exitCode: 7, signal: null, note: null, started: true });
  });

  test('is known to be dead, though another process holds its channel', async () => {
    const pool = newPool(1, { notes: true });
    const lost = await lossOf(pool.applyAsync(fixture('tasks.js', 'dieWithHeir'), []));
    process.kill(Number(lost.note));
    expect(lost).toMatchObject({ signal: 'SIGKILL', started: true });
    expect(await pool.apply(square, [3])).toBe(9);
  });

  test('gives back the tasks that it had not begun', async () => {
    const pool = newPool(1, { prefetch: 3 });
    const [arrivals, gate] = [new Queue<number>(), new Queue<string>()];
    const first = pool.applyAsync(dieAtGate, [arrivals, gate]);
    await arrivals.get();
    const others = [1, 2, 3, 4].map((number) => pool.applyAsync(square, [number]));
    await gate.put('now');
    expect(await lossOf(first)).toMatchObject({ started: true });
    expect(await Promise.all(others.map((result) => result.get()))).toEqual([1, 4, 9, 16]);
  });

  test('by an uncaught exception after its task', async () => {
    const pool = newPool(1);
    const pid = (await pool.apply(who, [])).pid;
    await pool.apply(fixture('tasks.js', 'dieLater'), []);
    await until(() => pool.workers.length === 0);
    expect((await pool.apply(who, [])).pid).not.toBe(pid);
  });

  test('at start-up is not started for ever', async () => {
    const pool = newPool(2, { initializer: fixture('tasks.js', 'failToSetUp') });
    const results = [1, 2, 3].map((number) => pool.applyAsync(square, [number]));
    for (const result of results) {
      const lost = await lossOf(result);
      expect(lost.started).toBe(false);
      expect(lost.cause).toBeInstanceOf(RangeError);
    }
    expect(await lossOf(pool.applyAsync(square, [1]))).toMatchObject({ started: false, exitCode: 1 });
  });

  test('at start-up is no failure when its task was given up meanwhile', async () => {
    const [arrivals, gate] = [new Queue<number>(), new Queue<string>()];
    const pool = newPool(1, { initializer: waitAtGate, initargs: [arrivals, gate] });
    const giveUp = new AbortController();
    const first = pool.apply(square, [2], { signal: giveUp.signal });
    const last = pool.apply(square, [3]);
    await arrivals.get();
    giveUp.abort();
    await expect(first).rejects.toMatchObject({ name: 'AbortError' });
    await gate.put('go');
    // Its replacement fails once, and not for the second time.
    process.kill(await arrivals.get(), 'SIGKILL');
    await arrivals.get();
    await gate.put('go');
    expect(await last).toBe(9);
  });

  test('leaves its tasks to one that is ready, not to one in its setup', async () => {
    const [arrivals, gate] = [new Queue<number>(), new Queue<string>()];
    const pool = newPool(2, { minWorkers: 2, initializer: waitAtGate, initargs: [arrivals, gate] });
    for (let worker = 0; worker < 2; worker++) await gate.put('go');
    for (let worker = 0; worker < 2; worker++) await arrivals.get();
    await until(() => pool.workers.every(({ busy }) => !busy));
    const [first] = pool.workers;
    process.kill(first?.pid ?? 0, 'SIGKILL');
    expect(await arrivals.get()).not.toBe(first?.pid);
    expect(await pool.apply(square, [3])).toBe(9);
  });

  test('takes a task back from one in its setup for one that has become idle', async () => {
    const [arrivals, gate] = [new Queue<number>(), new Queue<string>()];
    const [begun, end] = [new Queue<number>(), new Queue<string>()];
    const pool = newPool(2, { minWorkers: 2, initializer: waitAtGate, initargs: [arrivals, gate] });
    await gate.put('go');
    for (let worker = 0; worker < 2; worker++) await arrivals.get();
    await until(() => pool.workers.some(({ busy }) => !busy));
    const held = pool.apply(waitAtGate, [begun, end]);
    await begun.get();
    const result = pool.apply(square, [3]);
    await end.put('go');
    await held;
    expect(await result).toBe(9);
    await gate.put('go');
  });

  test('because what it should import is missing', async () => {
    const pool = newPool(1, { preload: ['file:///nowhere/nothing.js'] });
    expect(await lossOf(pool.applyAsync(square, [1]))).toMatchObject({ started: false });
  });

  test('at start-up, with a child of its own that goes on', async () => {
    const pool = newPool(1, { initializer: fixture('tasks.js', 'failToSetUpWithChild') });
    await expect(pool.apply(square, [2])).rejects.toMatchObject({
      name: 'WorkerLost',
      cause: { message: 'not set up, child or no child' },
    });
  });

  test('because what it should be set up with cannot be sent any more', async () => {
    const [end] = pipe();
    const pool = newPool(1, { initializer: fixture('tasks.js', 'setUp'), initargs: [end], maxTasksPerChild: 1 });
    expect(await pool.apply(square, [2])).toBe(4);
    end.close();
    await expect(pool.apply(square, [3])).rejects.toMatchObject({
      name: 'WorkerLost',
      started: false,
      cause: { name: 'ConnectionClosed' },
    });
    pool.close();
    await pool.join();
  });

  test('because its start hangs: idle workers do its tasks meanwhile, and it is killed after a while', async () => {
    const mark = `${temp()}/mark`;
    writeFileSync(mark, '');
    const childEntry = new URL('./fixtures/start-once.js', import.meta.url);
    const env = { ...process.env, START_ONCE: mark };
    const [arrivals, gate] = [new Queue<number>(), new Queue<string>()];
    const pool = newPool(2, { childEntry, env });
    const first = pool.applyAsync(waitAtGate, [arrivals, gate]);
    await arrivals.get();
    const second = pool.applyAsync(square, [3]);
    expect(pool.workers).toHaveLength(2);
    await gate.put('open');
    await first.get();
    expect(await second.get()).toBe(9);
    const hopeless = newPool(1, { childEntry, env, startTimeout: 100 });
    const loss = await lossOf(hopeless.applyAsync(square, [3]));
    expect(loss).toMatchObject({ started: false, signal: 'SIGKILL' });
    expect(loss.cause).toMatchObject({ message: expect.stringContaining('did not start within 100 ms') });
  });

  test('because node does not start', async () => {
    const pool = newPool(1, { childEntry: 'file:///nowhere/nothing.js' });
    expect(await lossOf(pool.applyAsync(square, [1]))).toMatchObject({ started: false });
  });
});

test('each task has its own result, when quick ones and slow ones follow each other', async () => {
  const pool = newPool(2, { prefetch: 1 });
  // Slow enough to have what waits behind it called back.
  const slow = (number: number): number => (number % 5 === 4 ? 11 : 0);
  const results = Array.from({ length: 100 }, (_, number) => pool.apply(squareAfter, [number, slow(number)]));
  const squares = Array.from({ length: 100 }, (_, number) => number * number);
  expect(await Promise.all(results)).toEqual(squares);
});

test('what a worker gives back is what it had not begun, whatever it was sent meanwhile', async () => {
  const pool = newPool(1, { prefetch: 3 });
  for (let number = 0; number < 5; number++) await pool.apply(squareAfter, [number, 0]);
  // The second has the others called back. The call is read after the third, when results have let more tasks follow it.
  const results = [10, 120, 20, 0, 0, 0, 0].map((ms, number) => pool.apply(squareAfter, [number, ms]));
  expect(await Promise.all(results)).toEqual([0, 1, 4, 9, 16, 25, 36]);
});

describe('the end', () => {
  test('close lets everything end, then join', async () => {
    const pool = newPool(2, { prefetch: 1 });
    const results = [1, 2, 3, 4, 5, 6].map((number) => pool.applyAsync(squareLater, [number]));
    await expect(pool.join()).rejects.toBeInstanceOf(MisuseError);
    const pids = pool.workers.map(({ pid }) => pid ?? 0);
    pool.close();
    expect(() => pool.applyAsync(square, [1])).toThrow(PoolClosed);
    await pool.join();
    expect(results.every((result) => result.successful())).toBe(true);
    expect(pids.filter(runs)).toEqual([]);
  });

  test('a pool that was never used can be closed', async () => {
    const pool = newPool(3);
    pool.close();
    await pool.join();
    expect(pool.workers).toEqual([]);
  });

  test('close with a worker that dies still ends the rest', async () => {
    const pool = newPool(1, { prefetch: 2 });
    const first = pool.applyAsync(die, [1]);
    const others = [1, 2, 3].map((number) => pool.applyAsync(square, [number]));
    pool.close();
    await pool.join();
    expect(first.successful()).toBe(false);
    expect(others.every((result) => result.successful())).toBe(true);
  });

  test('terminate ends a worker in the middle of an endless task', async () => {
    const pool = newPool(1);
    const queue = new Queue<number>();
    const result = pool.applyAsync(fixture('tasks.js', 'spin'), [queue]);
    const waiting = pool.applyAsync(square, [1]);
    const pid = await queue.get();
    await pool.terminate();
    expect(runs(pid)).toBe(false);
    await expect(result.get()).rejects.toBeInstanceOf(PoolClosed);
    await expect(waiting.get()).rejects.toBeInstanceOf(PoolClosed);
  });

  test('numbers that make no sense', () => {
    expect(() => new Pool(0)).toThrow(RangeError);
    expect(() => new Pool(1.5)).toThrow(RangeError);
    expect(() => new Pool(1, { prefetch: -1 })).toThrow(RangeError);
    expect(() => new Pool(1, { maxTasksPerChild: 0 })).toThrow(RangeError);
    expect(() => new Pool(1, { initargs: [() => 1] })).toThrow(NotCloneable);
  });
});

describe('map', () => {
  const numbers = Array.from({ length: 100 }, (_, index) => index);
  const squares = numbers.map((number) => number * number);

  test('keeps the order, whatever the chunks', async () => {
    const pool = newPool(2);
    expect(await pool.map(squareLater, numbers)).toEqual(squares);
    expect(await pool.map(square, numbers, { chunksize: 1 })).toEqual(squares);
    expect(await pool.map(square, numbers, { chunksize: 1000 })).toEqual(squares);
    expect(await pool.map(square, [])).toEqual([]);
    await expect(pool.map(square, numbers, { chunksize: 0 })).rejects.toBeInstanceOf(RangeError);
  });

  test('fails with the first error', async () => {
    const pool = newPool(2);
    await expect(pool.map(fixture<[string], never>('tasks.js', 'fail'), ['a', 'b'])).rejects.toThrow(/^[ab]$/);
  });

  test('imapUnordered gives each result once', async () => {
    const pool = newPool(2);
    const seen: number[] = [];
    for await (const result of pool.imapUnordered(squareLater, numbers, { chunksize: 3 })) seen.push(result);
    expect(seen.sort((a, b) => a - b)).toEqual(squares);
  });

  test('imap gives them in order', async () => {
    const pool = newPool(2);
    const seen: number[] = [];
    for await (const result of pool.imap(squareLater, numbers, { chunksize: 3 })) seen.push(result);
    expect(seen).toEqual(squares);
  });

  test('imapUnordered takes from an endless source only what is wanted', async () => {
    const pool = newPool(2);
    let taken = 0;
    let closed = false;
    async function* endless(): AsyncGenerator<number> {
      try {
        for (;;) yield taken++;
      } finally {
        closed = true;
      }
    }
    const seen: number[] = [];
    for await (const result of pool.imapUnordered(square, endless())) {
      seen.push(result);
      if (seen.length === 20) break;
    }
    // Each of two workers has one task, one to go on with, and while tasks are quick up to 32 more.
    expect(taken).toBeLessThanOrEqual(20 + 2 * (2 + 32) + 1);
    await until(() => closed);
  });

  test('tasks that were sent ahead behind one that waits for them are done by another worker', async () => {
    const gate = new Queue<string>();
    const steps = [...Array.from({ length: 100 }, () => 'quick'), 'wait', 'quick', 'open', 'quick'];
    const items = steps.map((what) => ({ what, gate }));
    const step = fixture<[(typeof items)[0]], string>('tasks.js', 'gateStep');
    const pool = newPool(2);
    const seen: string[] = [];
    for await (const what of pool.imapUnordered(step, items)) seen.push(what);
    expect(seen.sort()).toEqual(steps.sort());
  });

  test('chunks of map behind one that waits for them are done by another worker', async () => {
    const gate = new Queue<string>();
    const steps = ['wait', 'quick', 'open', 'quick', 'wait', 'open', 'quick', 'quick'];
    const items = steps.map((what) => ({ what, gate }));
    const pool = newPool(2);
    expect(await pool.map(fixture<[(typeof items)[0]], string>('tasks.js', 'gateStep'), items)).toEqual(steps);
  });

  test('a closed pool takes no elements: imap says so in their place', async () => {
    const pool = newPool(1);
    const results = pool.imap(square, [1, 2]);
    pool.close();
    await expect(results.next()).rejects.toBeInstanceOf(PoolClosed);
  });

  test('imapUnordered gives a result while its source has nothing more, and hands in nothing when it is left', async () => {
    const pool = newPool(2);
    const gate = new Queue<number>();
    await gate.put(2);
    const seen: number[] = [];
    for await (const result of pool.imapUnordered(square, gate)) {
      seen.push(result);
      if (seen.length === 3) break;
      await gate.put(result);
    }
    expect(seen).toEqual([4, 16, 256]);
    await gate.put(0);
    expect(pool.workers.some(({ busy }) => busy)).toBe(false);
  });

  test('imapUnordered throws what a task throws', async () => {
    const pool = newPool(2);
    const results = pool.imapUnordered(fixture<[string], never>('tasks.js', 'fail'), ['a']);
    await expect(results.next()).rejects.toThrow('a');
  });
});
