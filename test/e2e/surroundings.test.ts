import { mkdirSync, renameSync, rmdirSync, writeFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { expectSame } from '../support/compare.ts';
import { whileCopying } from '../support/held.ts';
import { needs } from '../support/needs.ts';
import { childrenOf, openFiles } from '../support/processes.ts';
import { expectExit, ORDINARY, overBothDrivers, pcopy, ROOT, start, startCommand, until } from '../support/run.ts';
import { temp } from '../support/temp.ts';
import { directory, file, plant } from '../support/tree.ts';
import { timesOf } from './precision.ts';
import { SLOW, slowFile } from './slow.ts';

overBothDrivers((driver) => {
  needs('root')('a umask that takes everything keeps nobody out of what they make', async () => {
    const top = temp();
    plant(top, { 'src/d/a': file('a'), out: directory(ORDINARY) });
    const prefix = ['bash', '-c', 'umask 0777; exec "$@"', 'bash'];
    const run = await pcopy(['src', 'out/parent/dst'], { driver, cwd: top, user: ORDINARY, prefix });
    expectExit(run, 0);
    expectSame(`${top}/src`, `${top}/out/parent/dst`, { times: timesOf(driver), owner: false });
  });

  test.each(['SIGTERM', 'SIGUSR1', 'SIGUSR2'] as const)(
    '%s to all processes of a run makes no entry fail',
    async (signal) => {
      const top = temp();
      // One that is interrupted takes long enough to be; the others end by themselves.
      plant(`${top}/src`, { a: slowFile(signal === 'SIGTERM' ? 8_000_000 : 800_000), b: file('b') });
      const run = start([...SLOW, '-j', '2', '--progress=json', 'src', 'dst'], { driver, cwd: top });
      const atWork = () =>
        childrenOf(run.pid).filter(({ pid }) => openFiles(pid).some((path) => /src\/[ab]$/.test(path)));
      await until(() => atWork().length > 0, 'a worker in the middle of a file');
      // The workers first: they must not have been ended by the parent.
      for (const { pid } of childrenOf(run.pid)) process.kill(pid, signal);
      await new Promise((resolve) => setTimeout(resolve, 100));
      run.child.kill(signal);
      const { stdout, stderr } = expectExit(await run.done, signal === 'SIGTERM' ? 143 : 0);
      expect(stderr).not.toContain('Debugger');
      const events = stdout
        .split('\n')
        .slice(0, -1)
        .map((line) => JSON.parse(line) as { type: string });
      expect(events.filter(({ type }) => type === 'error')).toEqual([]);
      expect(events.at(-1)).toMatchObject({ type: 'end', totals: { failed: 0 } });
    },
  );
});

const MOVES: Record<string, (dst: string) => void> = {
  'is moved away': (dst) => renameSync(dst, `${dst}.away`),
  'is replaced by another directory': (dst) => {
    renameSync(dst, `${dst}.away`);
    mkdirSync(dst);
  },
};

overBothDrivers((driver) => {
  test.each(Object.keys(MOVES))('a destination that %s during the run is an error', async (what) => {
    const top = temp();
    plant(`${top}/src`, { a: slowFile(400_000) });
    const step = (): void => MOVES[what]?.(`${top}/dst`);
    const run = await whileCopying(`${top}/src/a`, ['-j', '1', `${top}/src`, `${top}/dst`], step, { driver });
    expect(expectExit(run, 1).stdout).toContain('"action":"open the destination"');
    expectSame(`${top}/src`, `${top}/dst.away`, { times: timesOf(driver) });
  });
});

test('a relative path means nothing in a directory that was removed', async () => {
  const top = temp();
  plant(`${top}/src`, { a: file('a') });
  mkdirSync(`${top}/gone`);
  const prefix = ['bash', '-c', `cd '${top}/gone' && rmdir '${top}/gone' && exec "$@"`, 'bash'];
  const { stderr } = expectExit(await pcopy([`${top}/src`, 'dst'], { prefix }), 3);
  expect(stderr).toMatch(/^pcopy: dst: the working directory has been removed \(ENOENT\)$/m);
  mkdirSync(`${top}/gone`);
  expectExit(await pcopy([`${top}/src`, `${top}/dst`], { prefix }), 0);
  expectSame(`${top}/src`, `${top}/dst`);
  expect(() => rmdirSync(`${top}/gone`)).toThrow('ENOENT');
});

const PROGRAM = `
import { copyTree } from '${ROOT}/dist/index.js';
const there = copyTree('src', 'dst', { manifest: 'SUMS' });
process.chdir('/');
const said = [(await there).outcome];
process.chdir(process.argv[2]);
const reject = async ({ type }) => { if (type === 'end') throw new Error('refused by the listener'); };
said.push(await copyTree('src', 'dst', {}, { onEvent: reject }).catch((error) => error.message));
const stop = new AbortController();
const onEvent = (event) => { if (event.type === 'start') stop.abort(); return reject(event); };
said.push(await copyTree('src', 'dst', {}, { onEvent, signal: stop.signal }).catch((error) => error.message));
process.stdout.write(JSON.stringify(said));
`;

test('paths are those of the call, and a listener that rejects at the end is heard', async () => {
  const top = temp();
  plant(`${top}/src`, { a: file('a') });
  writeFileSync(`${top}/program.mjs`, PROGRAM);
  const run = startCommand([process.execPath, `${top}/program.mjs`, top], { cwd: top });
  const { stdout } = expectExit(await run.done, 0);
  expect(JSON.parse(stdout)).toEqual(['complete', 'refused by the listener', 'refused by the listener']);
  expectSame(`${top}/src`, `${top}/dst`);
});

const BEHIND = `
import { copyTree } from '${ROOT}/dist/index.js';
let goOn;
const behind = new Promise((resolve) => { goOn = resolve; });
let errors = 0;
const onEvent = ({ type }) => (type === 'error' && ++errors ? behind : undefined);
const filesFrom = Array.from({ length: 3000 }, (_, i) => 'missing ' + i);
const run = copyTree('src', 'dst', { filesFrom }, { onEvent });
while (errors === 0) await new Promise(setImmediate);
await new Promise((resolve) => setTimeout(resolve, 200));
const early = errors;
goOn();
await run;
process.stdout.write(JSON.stringify([early, errors]));
`;

test('a listener that is behind holds the listing back', async () => {
  const top = temp();
  plant(`${top}/src`, { a: file('a') });
  writeFileSync(`${top}/program.mjs`, BEHIND);
  const { stdout } = expectExit(await startCommand([process.execPath, `${top}/program.mjs`], { cwd: top }).done, 0);
  expect(JSON.parse(stdout)).toEqual([1, 3000]);
});
