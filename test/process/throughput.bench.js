// How many items and tasks a second, beside Python's multiprocessing and others: `node test/process/throughput.bench.js [rounds]
// [which]`, after a build, on a machine that does nothing else. In every round each contender runs once, one after the other; printed
// are medians with their ranges, of the rates and of the ratios within a round, as the table of src/process/README.md. `which`: only
// the rows whose name holds it. tinypool and workerpool are compared when PCOPY_BENCH_MODULES names a directory that has them
// in its node_modules.
import { execFileSync } from 'node:child_process';
import { createRequire } from 'node:module';
import { setTimeout } from 'node:timers/promises';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { isMainProcess, JoinableQueue, Pool, Process, pipe, Queue, task } from 'pcopy/process';

const own = import.meta.url;
const ITEMS = 100_000;
const BATCHES = 8_000;
const TASKS = 20_000;
const ROUND_TRIPS = 5_000;

/** A number, and what a copier would send: the names of one directory. */
const items = {
  number: 1,
  batch: { dir: 'some/directory', names: Array.from({ length: 256 }, (_, index) => `file-number-${index}.txt`) },
};

export function echo(value) {
  return value;
}

export async function produce(queue, kind, count) {
  const item = items[kind];
  for (let index = 0; index < count; index++) await queue.put(item);
}

/** The rate, from the first item on. */
export async function consume(queue, count) {
  await queue.get();
  const start = performance.now();
  for (let got = 1; got < count; got++) await queue.get();
  return rateSince(start, count);
}

export async function consumeInto(queue, count, rates) {
  await rates.put(await consume(queue, count));
}

export async function workOff(jobs) {
  for await (const _ of jobs) await jobs.taskDone();
}

export async function reflect(end) {
  for await (const message of end) await end.send(message);
}

function start(name, ...args) {
  const child = new Process(task(own, name), args);
  child.start();
  return child;
}

/** Items through a queue of this process; each side in a child, or here. */
async function queueRate(kind, count, { producer, consumer }) {
  const [queue, rates] = [new Queue(1000), new Queue()];
  const children = [];
  if (consumer === 'child') children.push(start('consumeInto', queue, count, rates));
  if (producer === 'child') children.push(start('produce', queue, kind, count));
  else await produce(queue, kind, count);
  const rate = consumer === 'child' ? await rates.get() : await consume(queue, count);
  for (const child of children) await child.join();
  return rate;
}

async function joinableRate(count) {
  const jobs = new JoinableQueue(1000);
  const child = start('workOff', jobs);
  await jobs.put(0);
  await jobs.join();
  const begin = performance.now();
  for (let index = 0; index < count; index++) await jobs.put(index);
  await jobs.join();
  const rate = rateSince(begin, count);
  await jobs.close();
  await child.join();
  return rate;
}

async function pipeRate(count) {
  const [mine, theirs] = pipe();
  const child = start('reflect', theirs);
  theirs.close();
  await mine.send(0);
  await mine.recv();
  const begin = performance.now();
  for (let index = 0; index < count; index++) {
    await mine.send(index);
    await mine.recv();
  }
  const rate = rateSince(begin, count);
  mine.close();
  await child.join();
  return rate;
}

/** Tasks that do nothing through a pool of two that runs already, as Python's does when it is made. */
async function poolRate(use, options = {}) {
  const pool = new Pool(2, { minWorkers: 2, ...options });
  while (pool.workers.some(({ busy }) => busy)) await setTimeout(5);
  await Promise.all([1, 2].map((value) => pool.apply(task(own, 'echo'), [value])));
  const begin = performance.now();
  await use(
    pool,
    task(own, 'echo'),
    Array.from({ length: TASKS }, (_, value) => value),
  );
  const rate = rateSince(begin, TASKS);
  pool.close();
  await pool.join();
  return rate;
}

const applyAll = async (pool, target, values) => {
  const results = values.map((value) => pool.applyAsync(target, [value]));
  for (const result of results) await result.get();
};
const mapAll = (pool, target, values) => pool.map(target, values);
const takeAll = async (results) => {
  for await (const _ of results);
};

async function tinypoolRate(require) {
  const { Tinypool } = await import(pathToFileURL(require.resolve('tinypool')));
  const pool = new Tinypool({ filename: own, name: 'echo', runtime: 'child_process', minThreads: 2, maxThreads: 2 });
  await Promise.all([pool.run(1), pool.run(2)]);
  const begin = performance.now();
  await Promise.all(Array.from({ length: TASKS }, (_, value) => pool.run(value)));
  const rate = rateSince(begin, TASKS);
  await pool.destroy();
  return rate;
}

async function workerpoolRate(require) {
  const workerpool = require('workerpool');
  const pool = workerpool.pool({ workerType: 'process', minWorkers: 2, maxWorkers: 2 });
  const identity = (value) => value;
  await Promise.all([pool.exec(identity, [1]), pool.exec(identity, [2])]);
  const begin = performance.now();
  await Promise.all(Array.from({ length: TASKS }, (_, value) => pool.exec(identity, [value])));
  const rate = rateSince(begin, TASKS);
  await pool.terminate();
  return rate;
}

const PYTHON = `
import multiprocessing as m, sys, time
now = time.perf_counter
items = {'number': 1, 'batch': {'dir': 'some/directory', 'names': ['file-number-%d.txt' % i for i in range(256)]}}
def echo(value): return value
def produce(queue, kind, count):
    for _ in range(count): queue.put(items[kind])
def consume(queue, count):
    queue.get(); start = now()
    for _ in range(count - 1): queue.get()
    return count / (now() - start)
def consume_into(queue, count, rates): rates.put(consume(queue, count))
def work_off(jobs):
    while jobs.get() is not None: jobs.task_done()
def reflect(end):
    while (message := end.recv()) is not None: end.send(message)
def start(function, *args):
    child = m.Process(target=function, args=args); child.start(); return child
def queue_rate(kind, count, producer, consumer):
    count = int(count); queue, rates, children = m.Queue(1000), m.Queue(), []
    if consumer == 'child': children.append(start(consume_into, queue, count, rates))
    if producer == 'child': children.append(start(produce, queue, kind, count))
    else: produce(queue, kind, count)
    rate = rates.get() if consumer == 'child' else consume(queue, count)
    for child in children: child.join()
    return rate
def joinable_rate(count):
    count = int(count); jobs = m.JoinableQueue(1000); child = start(work_off, jobs)
    jobs.put(0); jobs.join(); begin = now()
    for index in range(count): jobs.put(index)
    jobs.join(); rate = count / (now() - begin); jobs.put(None); child.join(); return rate
def pipe_rate(count):
    count = int(count); mine, theirs = m.Pipe(); child = start(reflect, theirs)
    mine.send(0); mine.recv(); begin = now()
    for index in range(count): mine.send(index); mine.recv()
    rate = count / (now() - begin); mine.send(None); child.join(); return rate
def pool_rate(how, count):
    count = int(count)
    with m.Pool(2) as pool:
        pool.map(echo, range(2), 1); begin = now()
        if how == 'apply':
            for result in [pool.apply_async(echo, (value,)) for value in range(count)]: result.get()
        elif how == 'map': pool.map(echo, range(count))
        elif how == 'imap': list(pool.imap(echo, range(count)))
        else: list(pool.imap_unordered(echo, range(count)))
        return count / (now() - begin)
print(globals()[sys.argv[1]](*sys.argv[2:]))
`;

function python(...args) {
  return Number(execFileSync('python3', ['-c', PYTHON, ...args.map(String)], { encoding: 'utf8' }));
}

function rateSince(begin, count) {
  return (count * 1000) / (performance.now() - begin);
}

/** Each row: what is measured, ours, Python's, and others that do the same. */
function rows(others) {
  const queues = [
    ['child to parent', { producer: 'child', consumer: 'here' }],
    ['parent to child', { producer: 'here', consumer: 'child' }],
    ['child to child', { producer: 'child', consumer: 'child' }],
  ].flatMap(([way, sides]) =>
    [
      ['number', ITEMS, 'numbers'],
      ['batch', BATCHES, 'batches of 256 names'],
    ].map(([kind, count, what]) => ({
      name: `\`Queue(1000)\`, ${way}: ${what}`,
      ours: () => queueRate(kind, count, sides),
      python: () => python('queue_rate', kind, count, sides.producer, sides.consumer),
    })),
  );
  return [
    ...queues,
    {
      name: '`JoinableQueue(1000)`, parent to child: numbers',
      ours: () => joinableRate(ITEMS),
      python: () => python('joinable_rate', ITEMS),
    },
    {
      name: '`pipe()`, there and back: numbers',
      ours: () => pipeRate(ROUND_TRIPS),
      python: () => python('pipe_rate', ROUND_TRIPS),
    },
    { name: '`Pool(2).map`', ours: () => poolRate(mapAll), python: () => python('pool_rate', 'map', TASKS) },
    {
      name: '`Pool(2).imap`',
      ours: () => poolRate((pool, ...rest) => takeAll(pool.imap(...rest))),
      python: () => python('pool_rate', 'imap', TASKS),
    },
    {
      name: '`Pool(2).imapUnordered`',
      ours: () => poolRate((pool, ...rest) => takeAll(pool.imapUnordered(...rest))),
      python: () => python('pool_rate', 'imap_unordered', TASKS),
    },
    { name: '`Pool(2).applyAsync`', ours: () => poolRate(applyAll), python: () => python('pool_rate', 'apply', TASKS) },
    {
      name: '`Pool(2, { prefetch: 1 }).applyAsync`',
      ours: () => poolRate(applyAll, { prefetch: 1 }),
      python: () => python('pool_rate', 'apply', TASKS),
      ...(others !== null && {
        'tinypool, `child_process`': () => tinypoolRate(others),
        'workerpool, `process`': () => workerpoolRate(others),
      }),
    },
  ];
}

/** The median of the numbers and where they lie. */
function spread(numbers, write) {
  const sorted = [...numbers].sort((a, b) => a - b);
  const median = (sorted[Math.floor((sorted.length - 1) / 2)] + sorted[Math.ceil((sorted.length - 1) / 2)]) / 2;
  return `${write(median)} (${write(sorted[0])} to ${write(sorted.at(-1))})`;
}

async function measure({ name, ours, ...others }, rounds, hasPython) {
  const contenders = Object.entries({ ours, ...others }).filter(([each]) => hasPython || each !== 'python');
  const rates = new Map(contenders.map(([each]) => [each, []]));
  for (let round = 0; round < rounds; round++) {
    for (const [each, run] of contenders) rates.get(each).push(await run());
  }
  const own = rates.get('ours');
  const perSecond = spread(own, (rate) => Math.round(rate / 100) / 10);
  const beside = contenders.slice(1).map(([each]) => `${each} ${ratio(own, rates.get(each))}`);
  console.log(`| ${name} | ${perSecond} | ${beside.join('; ')} |`);
}

function ratio(own, theirs) {
  return spread(
    own.map((rate, round) => rate / theirs[round]),
    (value) => value.toFixed(2),
  );
}

function pythonThere() {
  try {
    execFileSync('python3', ['--version']);
    return true;
  } catch {
    console.log('python3 not found');
    return false;
  }
}

async function main(rounds, which) {
  const hasPython = pythonThere();
  const { PCOPY_BENCH_MODULES: directory } = process.env;
  if (directory === undefined) console.log('PCOPY_BENCH_MODULES is not set: without tinypool and workerpool');
  const others = directory === undefined ? null : createRequire(pathToFileURL(`${directory}/`));
  console.log('| what | thousands a second | times as many as |\n| --- | --- | --- |');
  for (const row of rows(others)) if (row.name.includes(which)) await measure(row, rounds, hasPython);
}

// tinypool and workerpool import this module, too, and are not children of ours.
if (isMainProcess() && process.argv[1] === fileURLToPath(own)) {
  await main(Number(process.argv[2] ?? 7), process.argv[3] ?? '');
}
