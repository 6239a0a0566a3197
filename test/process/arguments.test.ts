import { afterAll, expect, test } from 'vitest';
import { JoinableQueue, Manager, Pool, Process, pipe, Queue, task } from './toolkit.ts';

const work = task<() => number>(import.meta.url, 'work');
const queue = new Queue<number>();
const [end] = pipe();
const manager = new Manager();
const pool = new Pool(1);
const child = new Process(work, []);
afterAll(() => manager.shutdown());

/** What JavaScript lets through and TypeScript would not. */
type Loose = (...args: unknown[]) => unknown;
const waits: Record<string, Loose> = {
  'queue.get': (wait) => queue.get(wait as never),
  'queue.put': (wait) => queue.put(1, wait as never),
  'joinable.join': (wait) => new JoinableQueue().join(wait as never),
  'lock.acquire': (wait) => manager.lock().acquire(wait as never),
  'end.recv': (wait) => end.recv(wait as never),
  'end.send': (wait) => end.send(1, wait as never),
  'end.poll': (wait) => end.poll(wait as never),
  'process.join': (wait) => child.join(wait as never),
};
const noWaits: [unknown, ErrorConstructor][] = [
  [200, TypeError],
  [false, TypeError],
  [null, TypeError],
  [{ timeout: 'a' }, TypeError],
  [{ timeout: Number.NaN }, TypeError],
  [{ timeout: null }, TypeError],
  [{ timout: 5 }, TypeError],
  [{ timeout: -1 }, RangeError],
];

test.each(Object.keys(waits))('%s takes { timeout } in milliseconds, and nothing else', async (name) => {
  for (const [wait, type] of noWaits) {
    const error = await Promise.resolve(waits[name]?.(wait)).catch((reason: unknown) => reason);
    expect(error, `${name}(${JSON.stringify(wait)})`).toBeInstanceOf(type);
    expect((error as Error).message).toMatch(/timeout/);
  }
});

const refused: [string, Loose, ErrorConstructor, RegExp][] = [
  ['a function for a task', () => new Process(Math.max as never, []), TypeError, /task\(import\.meta\.url/],
  ['no arguments', () => new Process(work, undefined as never), TypeError, /array/],
  ['an argument that is no list', () => pool.applyAsync(work, 5 as never), TypeError, /array/],
  ['a function to apply', () => pool.applyAsync(Math.max as never, [1] as never), TypeError, /expected a task/],
  ['a function to map', () => pool.imapUnordered(Math.max as never, [1]), TypeError, /expected a task/],
  ['a callback beside the options', () => pool.applyAsync(work, [], Math.max as never), TypeError, /callback/],
  [
    'a callback that cannot be called',
    () => pool.applyAsync(work, [], { callback: 1 } as never),
    TypeError,
    /callback/,
  ],
  ['a relative module', () => task('./x.mjs', 'f'), TypeError, /import\.meta\.url/],
  ['the name of a package', () => task('lodash', 'f'), TypeError, /import\.meta\.url/],
  ['no name', () => task(import.meta.url, undefined as never), TypeError, /name/],
  ['a program that is in no file', () => task('file:///tmp/[eval1]', 'f'), TypeError, /-e or stdin/],
  ['a pool of text', () => new Pool('3' as never), TypeError, /whole number, not '3'/],
  ['a pool beyond reason', () => new Pool(1e9), RangeError, /1 to 4096/],
  ['a pool of none', () => new Pool(0), RangeError, /1 to 4096/],
  ['an option that is none', () => new Pool(1, { maxTaskPerChild: 1 } as never), TypeError, /'maxTaskPerChild'/],
  ['an initializer that is a function', () => new Pool(1, { initializer: Math.max as never }), TypeError, /task/],
  ['half a task at a time', () => new Pool(1, { prefetch: 0.5 }), RangeError, /prefetch/],
  ['an option of a process that is none', () => new Process(work, [], { demon: true } as never), TypeError, /'demon'/],
  ['a capacity of text', () => new Queue('3' as never), TypeError, /capacity/],
  ['half a place', () => manager.queue(0.5), RangeError, /capacity/],
  ['a pipe that is false', () => pipe(false as never), TypeError, /duplex/],
  ['half a duplex', () => pipe({ duplex: 'half' as never }), TypeError, /duplex/],
  ['an option of a manager that is none', () => new Manager({ name: 'm' } as never), TypeError, /'name'/],
  ['a number to map', () => pool.imap(task<[number], number>(import.meta.url, 'f'), 5 as never), TypeError, /iterable/],
  [
    'a chunk of none',
    () => pool.imapUnordered(task<[number], number>(import.meta.url, 'f'), [], { chunksize: 0 }),
    RangeError,
    /chunksize/,
  ],
];

test.each(refused)('%s is refused at the call', (_, call, type, message) => {
  expect(call).toThrow(type);
  expect(call).toThrow(message);
});

test('a capacity of 0 or less is none, here and in a manager', async () => {
  expect([new Queue(0).capacity, new Queue(-1).capacity]).toEqual([Infinity, Infinity]);
  const far = manager.joinableQueue<number>(0);
  for (let count = 0; count < 5; count++) await far.put(count);
  expect([far.capacity, await far.qsize()]).toEqual([Infinity, 5]);
});
