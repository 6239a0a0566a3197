import { spawnSync } from 'node:child_process';
import {
  closeSync,
  existsSync,
  lstatSync,
  openSync,
  readdirSync,
  readFileSync,
  symlinkSync,
  unlinkSync,
} from 'node:fs';
import { expect, test } from 'vitest';
import { needs } from '../support/needs.ts';
import { childrenOf, openFiles } from '../support/processes.ts';
import { copy, type Driver, expectExit, overBothDrivers, pcopy, type Running, start, until } from '../support/run.ts';
import { temp } from '../support/temp.ts';
import { file, plant } from '../support/tree.ts';
import { SLOW, slowFile } from './slow.ts';

const LINE = /^[0-9a-f]{64} {2}\S+\n/;

/** A run that writes a manifest and stands in the middle of a file. */
async function inTheMiddle(top: string, manifest: string, driver: Driver, bytes?: number): Promise<Running> {
  plant(`${top}/src`, { a: file('a'), big: slowFile(bytes) });
  const run = start([...SLOW, 'src', 'dst', '--manifest', manifest], { driver, cwd: top });
  const files = () => childrenOf(run.pid).flatMap(({ pid }) => openFiles(pid));
  await until(() => files().includes(`${top}/src/big`), 'the big file');
  return run;
}

overBothDrivers((driver) => {
  test('a link in the place of a manifest is replaced, and what it leads to is not touched', async () => {
    const top = temp();
    plant(top, { 'src/a': file('a'), 'dst/x': file('x'), 'out/x': file('x'), victim: file('mine') });
    for (const dir of ['dst', 'out']) {
      symlinkSync(`${top}/victim`, `${top}/${dir}/SUMS`);
      await copy(['src', 'dst', '--manifest', `${dir}/SUMS`], { driver, cwd: top });
      expect(lstatSync(`${top}/${dir}/SUMS`).isFile()).toBe(true);
      expect(readFileSync(`${top}/${dir}/SUMS`, 'utf8')).toMatch(LINE);
    }
    expect(readFileSync(`${top}/victim`, 'utf8')).toBe('mine');
  });

  test('below the destination a manifest goes through no link', async () => {
    const top = temp();
    plant(top, { 'src/a': file('a'), 'dst/x': file('x'), 'elsewhere/SUMS': file('mine') });
    symlinkSync(`${top}/elsewhere`, `${top}/dst/sub`);
    symlinkSync(`${top}/dst`, `${top}/typed`);
    const { stderr } = expectExit(await pcopy(['src', 'dst', '--manifest', 'dst/sub/SUMS'], { driver, cwd: top }), 3);
    expect(stderr).toMatch(/^pcopy: dst\/sub\/SUMS: cannot make the manifest: /m);
    expect(readFileSync(`${top}/elsewhere/SUMS`, 'utf8')).toBe('mine');
    // What the user typed may be a link, as the destination itself may.
    await copy(['src', 'typed', '--manifest', 'typed/SUMS'], { driver, cwd: top });
    expect(readFileSync(`${top}/dst/SUMS`, 'utf8')).toMatch(LINE);
  });

  needs('mkfifo', 'root')('a FIFO or a device below the destination is not opened', async () => {
    const top = temp();
    plant(top, { 'src/a': file('a'), 'dst/x': file('x') });
    spawnSync('mkfifo', [`${top}/dst/fifo`]);
    spawnSync('mknod', [`${top}/dst/null`, 'c', '1', '3']);
    symlinkSync('/dev/null', `${top}/dst/link`);
    for (const name of ['fifo', 'null']) {
      const { stderr } = expectExit(
        await pcopy(['src', 'dst', '--manifest', `dst/${name}`], { driver, cwd: top, timeoutMs: 10_000 }),
        3,
      );
      expect(stderr).toMatch(/ cannot make the manifest: .* in the way \(EPCOPY_TYPE\)$/m);
    }
    await copy(['src', 'dst', '--manifest', 'dst/link'], { driver, cwd: top });
    expect(lstatSync(`${top}/dst/link`).isFile()).toBe(true);
  });

  needs('mkfifo')('a FIFO that comes in the way during the run fails the manifest', async () => {
    const top = temp();
    const run = await inTheMiddle(top, 'dst/SUMS', driver, 400_000);
    spawnSync('mkfifo', [`${top}/dst/SUMS`]);
    const { stderr } = expectExit(await run.done, 1);
    expect(stderr).toMatch(/^pcopy: .*dst\/SUMS: .* in the way \(EPCOPY_TYPE\)$/m);
    expect(readdirSync(`${top}/dst`).sort()).toEqual(['SUMS', 'a', 'big']);
  });

  test('what a killed run began of a manifest elsewhere is removed by the next one', async () => {
    const top = temp();
    plant(top, { 'out/x': file('x') });
    const run = await inTheMiddle(top, 'out/SUMS', driver);
    process.kill(-run.pid, 'SIGKILL');
    await run.done;
    expect(existsSync(`${top}/out/SUMS`)).toBe(false);
    unlinkSync(`${top}/src/big`);
    await copy(['src', 'dst', '--manifest', 'out/SUMS'], { driver, cwd: top });
    expect(readdirSync(`${top}/out`).sort()).toEqual(['SUMS', 'x']);
  });

  test('an interrupted run leaves the manifest that was there', async () => {
    const top = temp();
    plant(top, { 'out/SUMS': file('old') });
    const run = await inTheMiddle(top, 'out/SUMS', driver);
    run.child.kill('SIGINT');
    expectExit(await run.done, 130);
    expect(readdirSync(`${top}/out`)).toEqual(['SUMS']);
    expect(readFileSync(`${top}/out/SUMS`, 'utf8')).toBe('old');
  });

  test('a descriptor is written to, whatever it leads to', async () => {
    const top = temp();
    plant(top, { 'src/a': file('a') });
    const list = openSync(`${top}/list`, 'w');
    await copy(['src', 'dst', '--manifest', '/dev/fd/1'], { driver, cwd: top, stdout: list });
    closeSync(list);
    expect(readFileSync(`${top}/list`, 'utf8')).toMatch(LINE);
    const { stdout } = await copy(['src', 'dst', '--manifest', '/dev/fd/1'], {
      driver,
      cwd: top,
      prefix: ['bash', '-c', '"$@" | cat', 'bash'],
    });
    expect(stdout).toMatch(LINE);
  });
});
