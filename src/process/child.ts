// What a child process runs: it does what its parent sends, one thing after the other, and ends with its parent.
// A worker's start-up time is everybody's waiting time, so this imports little; what starts processes comes only when asked for.
import { Socket } from 'node:net';
import { parentIsAlive, setIdentity, setOrigin } from './current.ts';
import { detachOutput } from './detach-output.ts';
import { encodeError } from './error-codec.ts';
import { Fifo } from './fifo.ts';
import { dropAll, handleTable, open } from './handles.ts';
import { childrenEnded } from './keep-alive.ts';
import { LINK_FD, Link } from './link.ts';
import { outputPending, outputWritten } from './output.ts';
import {
  type Boot,
  type FromChild,
  isRouted,
  type Message,
  type Setup,
  type TaskMessage,
  type ToChild,
} from './protocol.ts';
import { router } from './router.ts';
import { importModule, load } from './tasks.ts';

export const boot = JSON.parse(process.argv.pop() ?? '') as Boot;
setOrigin(boot.parent, boot.notes);
const uplink = new Link(new Socket({ fd: LINK_FD, readable: true, writable: true }), receive);
router.attach(boot.address, uplink);
process.once('exit', uplink.flush);

// A closed channel means a dead parent, however it died. Nobody is left to work for.
uplink.untilClosed().then(() => end());
if (boot.role !== 'process') {
  process.on('SIGINT', () => {});
  process.on('SIGHUP', () => {});
}

const preloaded = Promise.all(boot.preload.map(importModule));
// Reported when the parent asks; until then it must not count as unhandled.
preloaded.catch(() => {});
let awaited: Promise<unknown> = preloaded;

/** For the entry: nothing the parent asks for begins before this has resolved. */
export function startAfter(step: Promise<unknown>): void {
  awaited = Promise.all([awaited, step]);
  awaited.catch(() => {});
}

const inbox = new Fifo<Exclude<ToChild, { type: 'giveBack' }>>();
let working = false;

/** Milliseconds of work after which the channel is looked at, where what comes next may have been recalled. */
const TURN_EVERY = 5;
let turnedAt = 0;
/** Elements of a chunk between two looks at the clock, at most: so many more may begin when they suddenly take long. */
const MOST_CALLED = 8;

function receive(message: Message): void {
  if (isRouted(message)) {
    router.receive(message, parentOf(boot.address));
    return;
  }
  switch (message.type) {
    case 'setup':
    case 'task':
    case 'finish':
      inbox.push(message);
      if (!working) work();
      return;
    case 'giveBack':
      returnTasks();
  }
}

function parentOf(address: string): string {
  return address.slice(0, address.lastIndexOf('.'));
}

async function work(): Promise<void> {
  working = true;
  turnedAt = Date.now();
  for (let message = inbox.shift(); message !== undefined; message = inbox.shift()) {
    switch (message.type) {
      case 'setup':
        await setUp(message);
        break;
      case 'task':
        await run(message);
        if (turnIsDue()) await turn();
        break;
      case 'finish':
        await leave(0);
        break;
      default:
        message satisfies never;
    }
  }
  working = false;
}

function turnIsDue(): boolean {
  // The clock may have been set back.
  return Math.abs(Date.now() - turnedAt) > TURN_EVERY;
}

async function turn(): Promise<void> {
  await new Promise((resolve) => setImmediate(resolve));
  turnedAt = Date.now();
}

/** Gives back what is not begun. */
function returnTasks(): void {
  const ids: number[] = [];
  for (const message of inbox.drain()) {
    if (message.type === 'task') {
      dropAll(message.handles, boot.address);
      ids.push(message.id);
    } else {
      inbox.push(message);
    }
  }
  tell({ type: 'returned', ids });
}

async function setUp(setup: Setup): Promise<void> {
  tell({ type: 'booted' });
  setIdentity({ name: setup.name, index: setup.index, daemon: setup.daemon });
  try {
    await awaited;
    if (setup.initializer !== null) {
      const initialize = await load(setup.initializer);
      await initialize(...(open({ value: setup.args, handles: setup.handles }) as unknown[]));
    }
    tell({ type: 'ready' });
  } catch (error) {
    tell({ type: 'broken', error: encodeError(error) });
    // Not waiting for children that the initializer started: tasks wait for this worker's end.
    await exit(1);
  }
}

async function run(task: TaskMessage): Promise<void> {
  try {
    const target = await load(task).catch((error) => {
      dropAll(task.handles, boot.address);
      throw error;
    });
    const args = open({ value: task.args, packed: true, handles: task.handles }) as unknown[];
    const value = task.each ? await runEach(target, args[0] as unknown[]) : await target(...args);
    if (outputPending()) await outputWritten();
    tell({ type: 'result', id: task.id, ...(value !== undefined && { value }), handles: handleTable }, value);
  } catch (error) {
    tell({ type: 'failure', id: task.id, error: encodeError(error) });
    if (boot.role === 'process') process.exitCode ??= 1;
  }
  // The next task must not begin before this one's end is with the parent: if this process then dies, the parent must not take
  // the next one for not begun.
  await uplink.drained();
}

async function runEach(target: (item: unknown) => unknown, items: readonly unknown[]): Promise<unknown[]> {
  // Not made with its length: an array that may have holes is serialized as keys and values, at three times the cost.
  const results: unknown[] = [];
  let index = 0;
  let group = 1;
  // `performance.now` would take 2 ms more of the processor: V8 has not compiled it.
  let lookedAt = 0;
  while (index < items.length) {
    const now = Date.now();
    group = now === lookedAt ? Math.min(2 * group, MOST_CALLED) : 1;
    if (now !== lookedAt) {
      lookedAt = now;
      // Where no signal ends this process with its parent, the rest is for nobody.
      if (!parentIsAlive()) end();
      if (turnIsDue()) await turn();
    }
    const groupEnd = Math.min(index + group, items.length);
    let result: unknown;
    // V8 compiles late what is this short, and so not while the first results are waited for: that takes a processor 3 ms.
    do {
      result = target(items[index]);
      if (typeof result === 'object') break;
      results[index++] = result;
    } while (index < groupEnd);
    if (typeof result === 'object') results[index++] = result === null ? null : await result;
  }
  return results;
}

function tell(message: FromChild, value?: unknown): void {
  uplink.send(message, value, parentOf(boot.address));
}

/** Ends this process when the children it has to wait for are gone. */
async function leave(exitCode: number): Promise<void> {
  await childrenEnded();
  await exit(exitCode);
}

/** Ends this process, with all it has sent and printed delivered. */
async function exit(exitCode: number): Promise<void> {
  await outputWritten();
  await uplink.drained();
  if (exitCode !== 0) process.exitCode ??= exitCode;
  // Without a code, so that what is found at the exit can still set one.
  end();
}

/** With `process.exitCode`: an argument of `exit`, even undefined, would be the code. */
function end(): never {
  // After what others have to say at the exit.
  process.once('exit', detachOutput);
  process.exit();
}
