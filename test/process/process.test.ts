import { afterEach, describe, expect, test } from 'vitest';
import type { CurrentProcess, ProcessOptions, Process as ProcessType } from '../../src/process/index.ts';
import { fixture, MisuseError, NotCloneable, Process, Queue, runs, until } from './toolkit.ts';

const started: ProcessType[] = [];
function create(name: string, args: unknown[] = [], options: ProcessOptions = {}): ProcessType {
  const child = new Process(fixture('processes.js', name), args, options);
  started.push(child);
  return child;
}
afterEach(async () => {
  for (const child of started.splice(0)) {
    child.kill();
    await child.join().catch(() => {});
  }
});

describe('a process', () => {
  test('runs a function elsewhere, and tells how it is', async () => {
    const queue = new Queue<CurrentProcess>();
    const child = create('report', [queue]);
    expect([child.isAlive(), child.pid, child.exitCode]).toEqual([false, undefined, null]);
    child.start();
    expect(child.isAlive()).toBe(true);
    expect(() => child.start()).toThrow(MisuseError);
    const there = await queue.get();
    expect(await child.join()).toBe(true);
    expect(there).toEqual({ name: child.name, pid: child.pid, index: null, daemon: false });
    expect([child.isAlive(), child.exitCode, child.signal, child.error]).toEqual([false, 0, null, null]);
  });

  test('has a name: the one given, or a number', () => {
    const [one, two] = [create('report'), create('report')];
    expect(one.name).toMatch(/^Process-\d+$/);
    expect(Number(two.name.slice(8))).toBe(Number(one.name.slice(8)) + 1);
    expect(create('report', [], { name: 'reader' }).name).toBe('reader');
  });

  test('brings its error home', async () => {
    const child = create('fail');
    child.start();
    const error = await child.join().catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(RangeError);
    expect(error).toMatchObject({ message: 'it went wrong', code: 'EWRONG' });
    expect(((error as Error).cause as Error).stack).toContain('processes.js');
    expect(child.error).toBe(error);
    expect(child.exitCode).toBe(1);
  });

  test('ends with the code it chose', async () => {
    const child = create('exitWith', [7]);
    child.start();
    expect(await child.join()).toBe(true);
    expect(child.exitCode).toBe(7);
  });

  test('is joined with a limit, terminated and killed', async () => {
    const queue = new Queue<number>();
    const [one, two] = [create('sleepForEver', [queue]), create('sleepForEver', [queue])];
    await expect(one.join()).rejects.toBeInstanceOf(MisuseError);
    one.start();
    two.start();
    await queue.get();
    await queue.get();
    expect(await one.join({ timeout: 1 })).toBe(false);
    one.terminate();
    two.kill();
    await Promise.all([one.join(), two.join()]);
    expect([one.signal, two.signal, one.exitCode, two.exitCode]).toEqual(['SIGTERM', 'SIGKILL', null, null]);
  });

  test('ends when its function does, timers or not', async () => {
    const queue = new Queue<string>();
    const child = create('putTwiceLate', [queue]);
    child.start();
    await child.join();
    expect(await queue.get()).toBe('first');
    expect(await queue.empty()).toBe(true);
  });

  test('waits for its own children', async () => {
    const [queue, gate] = [new Queue<string>(), new Queue<number>()];
    const child = create('leaveChildBehind', [queue, gate]);
    child.start();
    expect(await queue.get()).toBe('waiting');
    await gate.put(1);
    expect(await queue.get()).toBe('child done');
    await child.join();
  });

  test('takes all below it along when it is killed', async () => {
    const queue = new Queue<number>();
    const child = create('family', [queue]);
    child.start();
    const pids = [await queue.get(), await queue.get(), await queue.get()];
    child.kill();
    await until(() => !pids.some(runs));
  });

  test('names an argument that cannot be sent', async () => {
    const child = create('report', [{ f: () => 1 }]);
    expect(() => child.start()).toThrow(NotCloneable);
    await until(() => !child.isAlive());
  });
});
