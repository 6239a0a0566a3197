import { closeSync, openSync, readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { expectSame } from '../support/compare.ts';
import { needs } from '../support/needs.ts';
import { BIN, expectExit, pcopy, startCommand } from '../support/run.ts';
import { temp } from '../support/temp.ts';
import { file, plant, type Tree } from '../support/tree.ts';
import { timesOf } from './precision.ts';

// koffi syncs standard output and standard error as the process ends, and never gets over it.
needs('strace')('a standard output on a disk that fails does not keep the process from ending', async () => {
  const top = temp();
  plant(`${top}/src`, { a: file('a') });
  const trace = ['strace', '-f', '-o', `${top}/trace`, '-P', `${top}/out`, '-e', 'inject=fsync:error=EIO'];
  const stdout = openSync(`${top}/out`, 'w');
  expectExit(await pcopy(['-v', `${top}/src`, `${top}/dst`], { driver: 'libc', prefix: trace, stdout }), 0);
  closeSync(stdout);
  expect(readFileSync(`${top}/out`, 'utf8')).toContain('/a -> ');
});

function manyFiles(): Tree {
  return Object.fromEntries(
    Array.from({ length: 600 }, (_, i) => [`directory ${i % 6}/${'long name '.repeat(15)}${i}`, file('x')]),
  );
}

// What the parent shows does not depend on the driver that its workers use.
describe.each(['libc'] as const)('driver %s', (driver) => {
  test('a full stdout, or one whose reader left, does not end the copy, and does not count as success', async () => {
    const top = temp();
    plant(`${top}/src`, manyFiles());
    const full = openSync('/dev/full', 'w');
    expectExit(await pcopy(['-v', `${top}/src`, `${top}/full`], { driver, stdout: full }), 1);
    closeSync(full);
    const script = 'set -o pipefail; "$@" | head -n 1 >/dev/null';
    const command = ['bash', '-c', script, 'bash', process.execPath, BIN, '-v', `${top}/src`, `${top}/head`];
    expectExit(await startCommand(command, { driver }).done, 1);
    for (const name of ['full', 'head']) expectSame(`${top}/src`, `${top}/${name}`, { times: timesOf(driver) });
  });

  // For one that is closed Node opens /dev/null for reading and writing, as others do who want no output.
  test('a closed stdout does not end the copy, nor does one that goes nowhere', async () => {
    const top = temp();
    plant(`${top}/src`, { a: file('a') });
    for (const [name, redirection] of [
      ['closed', '>&-'],
      ['nowhere', '1<>/dev/null'],
    ] as const) {
      const prefix = ['bash', '-c', `exec "$@" ${redirection}`, 'bash'];
      expectExit(await pcopy(['-v', `${top}/src`, `${top}/${name}`], { driver, prefix }), 0);
      expectSame(`${top}/src`, `${top}/${name}`, { times: timesOf(driver) });
    }
  });

  test('a closed or full stderr changes nothing', async () => {
    const top = temp();
    plant(`${top}/src`, manyFiles());
    const closed = ['bash', '-c', 'exec "$@" 2>&-', 'bash'];
    expectExit(await pcopy(['--progress=bar', `${top}/src`, `${top}/closed`], { driver, prefix: closed }), 0);
    const full = openSync('/dev/full', 'w');
    expectExit(await pcopy([`${top}/src`, `${top}/full`], { driver, stderr: full }), 0);
    closeSync(full);
    const all = ['bash', '-c', 'exec "$@" <&- >&- 2>&-', 'bash'];
    expectExit(await pcopy([`${top}/src`, `${top}/all closed`], { driver, prefix: all }), 0);
    for (const name of ['closed', 'full', 'all closed'])
      expectSame(`${top}/src`, `${top}/${name}`, { times: timesOf(driver) });
  });

  test('--help to a full device is not a success', async () => {
    const full = openSync('/dev/full', 'w');
    const { code } = await pcopy(['--help'], { driver, stdout: full });
    closeSync(full);
    expect(code).toBe(1);
  });
});
