import { existsSync, readdirSync, utimesSync, writeFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { expectSame } from '../support/compare.ts';
import { expectExit, overBothDrivers, ROOT, startCommand } from '../support/run.ts';
import { temp } from '../support/temp.ts';
import { file, plant } from '../support/tree.ts';
import { timesOf } from './precision.ts';
import { slowFile } from './slow.ts';

/** A program that uses the built package, in a process of its own: its console, its exit and its signals are watched. */
const PROGRAM = `
import { copyTree } from '${ROOT}/dist/index.js';
const [source, destination] = process.argv.slice(2);
const types = new Set();
const summary = await copyTree(source, destination, { jobs: 2, entries: true }, { onEvent: (event) => types.add(event.type) });
const refused = await copyTree(source, source);
const again = await copyTree(source, destination, { retryFrom: summary.failures, strict: true });
const chosen = [{ path: 'a', action: 'open', code: 'EACCES', message: '', side: 'source' }];
const some = await copyTree(source, destination + '3', { retryFrom: chosen });
const both = await copyTree(source, destination, { retryFrom: [], filesFrom: [] }).catch((error) => error.name);
const abort = new AbortController();
abort.abort();
const interrupted = await copyTree(source, destination + '2', {}, { signal: abort.signal });
const usage = await copyTree(source, destination, { jobs: 0 }).catch((error) => error.name);
process.stdout.write(JSON.stringify({
  outcomes: [summary.outcome, refused.outcome, interrupted.outcome],
  usage,
  both,
  retried: [again.outcome, again.totals.files, some.outcome, some.totals.files],
  files: summary.totals.files,
  types: [...types],
  listeners: ['SIGINT', 'SIGTERM', 'SIGHUP'].map((signal) => process.listenerCount(signal)),
  exitCode: process.exitCode ?? null,
}));
`;

/** Listeners that fail: the promise of the run is where that is told, and nowhere else. */
const FAILING = `
import { copyTree } from '${ROOT}/dist/index.js';
const [source, destination] = process.argv.slice(2);
const told = [];
process.on('unhandledRejection', (error) => told.push('unhandled ' + error.message));
process.on('uncaughtException', (error) => told.push('uncaught ' + error.message));
const throws = () => { throw new Error('thrown'); };
const rejects = async () => { throw new Error('rejected'); };
for (const [i, onEvent] of [throws, rejects].entries()) {
  await copyTree(source, destination + i, { entries: true }, { onEvent }).then(
    () => told.push('resolved'),
    (error) => told.push(error.message),
  );
}
process.stdout.write(JSON.stringify(told));
`;

/** Calls that cannot be meant: each is told apart by its message, and nothing is touched. */
const MISTAKEN = `
import { copyTree, UsageError } from '${ROOT}/dist/index.js';
const [source, destination] = process.argv.slice(2);
const calls = [
  [source],
  [source, destination, { jobs: '3' }],
  [source, destination, { maxDelete: 3 }],
  [source, destination, { colour: true }],
  [source, destination, []],
  [source, destination, { retryFrom: [{ path: '..\\0/x' }] }],
  [source, destination, { retryFrom: [{ path: '\\u012e\\u012e/x' }] }],
  [source, destination, {}, { signal: 'SIGINT' }],
];
const said = [];
for (const call of calls) {
  const error = await copyTree(...call).catch((error) => error);
  said.push(error instanceof UsageError && error.code === 'EUSAGE' ? error.message.split(/[:,]/)[0] : error);
}
process.stdout.write(JSON.stringify(said));
`;

/** Two runs at once: the one is ended in the middle, with a reason of the caller's own, the other goes on to its end. */
const ABORTED = `
import { copyTree } from '${ROOT}/dist/index.js';
const [slow, quick, destination] = process.argv.slice(2);
const early = await copyTree(quick, destination + '/early', {}, { signal: AbortSignal.abort(new Error('mine')) });
const abort = new AbortController();
const events = [];
const onEvent = (event) => {
  events.push(event.type);
  if (event.type === 'progress' && event.snapshot.workers.some((worker) => worker.done > 0)) abort.abort(new Error('mine'));
};
const options = { jobs: 2, chunkSize: 1, batch: 1 };
const [ended, whole] = await Promise.all([
  copyTree(slow, destination + '/ended', options, { signal: abort.signal, onEvent }),
  copyTree(quick, destination + '/whole', { jobs: 2 }),
]);
let thrown = '';
try { abort.signal.throwIfAborted(); } catch (error) { thrown = error.message; }
const told = ({ outcome, reason }) => [outcome, reason];
process.stdout.write(JSON.stringify({ early: told(early), ended: told(ended), whole: told(whole), last: events.at(-1), thrown }));
`;

overBothDrivers((driver) => {
  test('arguments that cannot be meant reject with UsageError, and nothing is touched', async () => {
    const top = temp();
    plant(`${top}/src`, { a: file('a') });
    writeFileSync(`${top}/program.mjs`, MISTAKEN);
    const command = [process.execPath, `${top}/program.mjs`, `${top}/src`, `${top}/dst`];
    const { stdout } = expectExit(await startCommand(command, { driver }).done, 0);
    expect(JSON.parse(stdout)).toEqual([
      'destination',
      'jobs',
      'maxDelete',
      "unknown option 'colour'",
      'options',
      'retryFrom[0]',
      'retryFrom[0]',
      'signal',
    ]);
    expect(existsSync(`${top}/dst`)).toBe(false);
  });

  test('an aborted signal ends its own run only, and its reason is not thrown', async () => {
    const top = temp();
    plant(`${top}/slow`, { big: slowFile() });
    plant(`${top}/quick`, { 'a/b': file('b') });
    plant(`${top}/dst`, {});
    writeFileSync(`${top}/program.mjs`, ABORTED);
    const command = [process.execPath, `${top}/program.mjs`, `${top}/slow`, `${top}/quick`, `${top}/dst`];
    const { stdout } = expectExit(await startCommand(command, { driver }).done, 0);
    const interrupted = ['interrupted', { path: '', message: 'interrupted', code: 'EINTR' }];
    expect(JSON.parse(stdout)).toEqual({
      early: interrupted,
      ended: interrupted,
      whole: ['complete', null],
      last: 'end',
      thrown: 'mine',
    });
    expect(existsSync(`${top}/dst/early`)).toBe(false);
    expect(readdirSync(`${top}/dst/ended`)).toEqual([]);
    expectSame(`${top}/quick`, `${top}/dst/whole`, { times: timesOf(driver) });
  });

  test('a listener that throws or rejects ends the run, and copyTree rejects with its error', async () => {
    const top = temp();
    plant(`${top}/src`, { 'a/b': file('b'), c: file('c') });
    writeFileSync(`${top}/program.mjs`, FAILING);
    const command = [process.execPath, `${top}/program.mjs`, `${top}/src`, `${top}/dst`];
    const { stdout } = expectExit(await startCommand(command, { driver }).done, 0);
    expect(JSON.parse(stdout)).toEqual(['thrown', 'rejected']);
  });

  test('copyTree resolves to a summary, writes nothing, installs nothing, and lets the program end', async () => {
    const top = temp();
    plant(`${top}/src`, { 'a/b': file('b'), c: file('c') });
    // Times that either driver keeps, since one that is cut is a loss, which `strict` takes for a failure; an access time to
    // come is not changed by the listing.
    utimesSync(`${top}/src`, Math.ceil(Date.now() / 1000) + 3600, 1);
    writeFileSync(`${top}/program.mjs`, PROGRAM);
    const command = [process.execPath, `${top}/program.mjs`, `${top}/src`, `${top}/dst`];
    const { stdout, stderr } = expectExit(await startCommand(command, { driver }).done, 0);
    expect(stderr).toBe('');
    const said = JSON.parse(stdout) as Record<string, unknown>;
    expect(said).toMatchObject({
      outcomes: ['complete', 'refused', 'interrupted'],
      usage: 'UsageError',
      both: 'UsageError',
      retried: ['complete', 0, 'complete', 1],
      files: 2,
      listeners: [0, 0, 0],
      exitCode: null,
    });
    expect(said.types).toEqual(expect.arrayContaining(['start', 'file', 'end']));
    expectSame(`${top}/src`, `${top}/dst`, { times: timesOf(driver) });
  });
});
