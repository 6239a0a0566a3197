import { writeFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { expectSame } from '../support/compare.ts';
import { expectExit, overBothDrivers, ROOT, startCommand } from '../support/run.ts';
import { temp } from '../support/temp.ts';
import { file, plant } from '../support/tree.ts';
import { timesOf } from './precision.ts';

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

overBothDrivers((driver) => {
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
