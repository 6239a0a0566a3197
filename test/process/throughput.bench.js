// How many messages and tasks a second, beside what others do: `node test/process/throughput.bench.js [rounds]`.
// Needs a build. tinypool and workerpool are compared when PCOPY_BENCH_MODULES names a directory that has them
// in its node_modules; Python when there is a python3. In every round each contender runs once, one after the
// other; quoted is the median of the ratios within a round.
import { execFileSync, fork } from 'node:child_process';
import { once } from 'node:events';
import { createRequire } from 'node:module';
import { setImmediate } from 'node:timers/promises';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { isMainProcess, Pool, Process, Queue, task } from 'pcopy/process';

const MESSAGES = 40_000;
const BATCHES = 3_000;
const TASKS = 10_000;
const own = import.meta.url;

/** A number, and what a copier would send: the names of one directory. */
const items = {
  number: 1,
  batch: { dir: 'some/directory', names: Array.from({ length: 256 }, (_, index) => `file-number-${index}.txt`) },
};

export function echo(value) {
  return value;
}

/** The child's side of both ways to send. */
export async function sendAll(queue, kind, count) {
  const item = items[kind];
  for (let index = 0; index < count; index++) await queue.put(item);
}

async function sendRaw(kind, count) {
  const item = items[kind];
  for (let index = 0; index < count; index++) if (!process.send(item)) await setImmediate();
}

async function messagesRaw(kind, count) {
  const child = fork(fileURLToPath(own), ['raw', kind, String(count)], { serialization: 'advanced' });
  let start = 0;
  let got = 0;
  const all = new Promise((resolve) => {
    child.on('message', () => {
      if (got++ === 0) start = performance.now();
      if (got === count) resolve();
    });
  });
  await all;
  const rate = rateSince(start, count);
  child.kill();
  await once(child, 'exit');
  return rate;
}

async function messagesQueue(kind, count) {
  const queue = new Queue(1000);
  const child = new Process(task(own, 'sendAll'), [queue, kind, count]);
  child.start();
  await queue.get();
  const start = performance.now();
  for (let got = 1; got < count; got++) await queue.get();
  const rate = rateSince(start, count);
  await child.join();
  return rate;
}

async function tasksPool() {
  const pool = new Pool(2, { prefetch: 1 });
  await Promise.all([1, 2].map((value) => pool.apply(task(own, 'echo'), [value])));
  const start = performance.now();
  const results = Array.from({ length: TASKS }, (_, value) => pool.applyAsync(task(own, 'echo'), [value]));
  for (const result of results) await result.get();
  const rate = rateSince(start, TASKS);
  pool.close();
  await pool.join();
  return rate;
}

async function tasksTinypool(require) {
  const { Tinypool } = await import(pathToFileURL(require.resolve('tinypool')));
  const pool = new Tinypool({ filename: own, name: 'echo', runtime: 'child_process', minThreads: 2, maxThreads: 2 });
  await Promise.all([pool.run(1), pool.run(2)]);
  const start = performance.now();
  await Promise.all(Array.from({ length: TASKS }, (_, value) => pool.run(value)));
  const rate = rateSince(start, TASKS);
  await pool.destroy();
  return rate;
}

async function tasksWorkerpool(require) {
  const workerpool = require('workerpool');
  const pool = workerpool.pool({ workerType: 'process', minWorkers: 2, maxWorkers: 2 });
  const identity = (value) => value;
  await Promise.all([pool.exec(identity, [1]), pool.exec(identity, [2])]);
  const start = performance.now();
  await Promise.all(Array.from({ length: TASKS }, (_, value) => pool.exec(identity, [value])));
  const rate = rateSince(start, TASKS);
  await pool.terminate();
  return rate;
}

const PYTHON = `
import multiprocessing as m, sys, time
items = {'number': 1, 'batch': {'dir': 'some/directory', 'names': ['file-number-%d.txt' % i for i in range(256)]}}
def echo(value): return value
def send(queue, kind, count):
    for _ in range(count): queue.put(items[kind])
def messages(kind, count):
    queue = m.Queue(1000)
    child = m.Process(target=send, args=(queue, kind, count)); child.start()
    queue.get(); start = time.perf_counter()
    for _ in range(count - 1): queue.get()
    rate = count / (time.perf_counter() - start)
    child.join(); return rate
def tasks(count):
    with m.Pool(2) as pool:
        pool.map(echo, range(2), 1); start = time.perf_counter()
        for result in [pool.apply_async(echo, (value,)) for value in range(count)]: result.get()
        return count / (time.perf_counter() - start)
print(messages(sys.argv[2], int(sys.argv[3])) if sys.argv[1] == 'messages' else tasks(int(sys.argv[2])))
`;

function python(...args) {
  return Number(execFileSync('python3', ['-c', PYTHON, ...args.map(String)], { encoding: 'utf8' }));
}

function rateSince(start, count) {
  return (count * 1000) / (performance.now() - start);
}

function median(numbers) {
  const sorted = [...numbers].sort((a, b) => a - b);
  return (sorted[Math.floor((sorted.length - 1) / 2)] + sorted[Math.ceil((sorted.length - 1) / 2)]) / 2;
}

/** Runs all contenders in turn, that many times; the first is ours. */
async function compare(title, contenders, rounds) {
  const rates = new Map(Object.keys(contenders).map((name) => [name, []]));
  for (let round = 0; round < rounds; round++) {
    for (const [name, measure] of Object.entries(contenders)) rates.get(name).push(await measure());
  }
  console.log(`\n${title}, a second (median of ${rounds})`);
  const [ours] = rates.values();
  for (const [name, theirs] of rates) {
    const ratio = median(ours.map((rate, round) => rate / theirs[round]));
    const beside = theirs === ours ? '' : `pcopy/process does ${ratio.toFixed(2)} times as many`;
    console.log(`  ${name.padEnd(26)}${Math.round(median(theirs)).toLocaleString('en').padStart(10)}  ${beside}`);
  }
}

/** What there is to compare with here; says why for what there is not. */
function others() {
  const found = { python: false, require: null };
  try {
    execFileSync('python3', ['--version']);
    found.python = true;
  } catch {
    console.log('skipped: Python, there is no python3');
  }
  const { PCOPY_BENCH_MODULES: directory } = process.env;
  if (directory === undefined) console.log('skipped: tinypool and workerpool, PCOPY_BENCH_MODULES is not set');
  else found.require = createRequire(pathToFileURL(`${directory}/`));
  return found;
}

async function main(rounds) {
  const { python: hasPython, require } = others();
  const withPython = (measure) => (hasPython ? { 'Python multiprocessing': measure } : {});
  for (const [kind, count] of [
    ['number', MESSAGES],
    ['batch', BATCHES],
  ]) {
    const contenders = {
      Queue: () => messagesQueue(kind, count),
      'raw process.send': () => messagesRaw(kind, count),
      ...withPython(() => python('messages', kind, count)),
    };
    await compare(`messages (${kind === 'batch' ? 'batches of 256 names' : 'numbers'})`, contenders, rounds);
  }
  const contenders = {
    'Pool(2)': tasksPool,
    ...(require === null
      ? {}
      : {
          'tinypool child_process': () => tasksTinypool(require),
          'workerpool process': () => tasksWorkerpool(require),
        }),
    ...withPython(() => python('tasks', TASKS)),
  };
  await compare('tasks through a pool of 2', contenders, rounds);
}

if (process.argv[2] === 'raw') await sendRaw(process.argv[3], Number(process.argv[4]));
// tinypool and workerpool import this module, too, and are not children of ours.
else if (isMainProcess() && process.argv[1] === fileURLToPath(own)) await main(Number(process.argv[2] ?? 7));
