import { chownSync, mkdirSync, statSync } from 'node:fs';
import { expect, test } from 'vitest';
import { expectSame, survey } from '../support/compare.ts';
import { needs } from '../support/needs.ts';
import { copy, ORDINARY, overBothDrivers } from '../support/run.ts';
import { traced, tracing } from '../support/strace.ts';
import { temp } from '../support/temp.ts';
import { directory, file, plant, type Tree } from '../support/tree.ts';
import { timesOf } from './precision.ts';

const readOnly: Tree = {
  '': directory({ mode: 0o555 }),
  'a/b/c': file('deep', { mode: 0o444 }),
  'a/b': directory({ mode: 0o555 }),
  a: directory({ mode: 0o500 }),
  'z/empty': directory({ mode: 0o555 }),
  z: directory({ mode: 0o511 }),
};

overBothDrivers((driver) => {
  needs('root')('every permission of a file and of a directory, 0000 to 0777', async () => {
    const top = temp();
    const tree: Tree = {};
    for (let mode = 0; mode < 0o1000; mode += 7) {
      tree[`f${mode.toString(8)}`] = file('x', { mode });
      tree[`d${mode.toString(8)}`] = directory({ mode });
      tree[`d${mode.toString(8)}/child`] = file('x', { mode: mode ^ 0o777 });
    }
    plant(`${top}/src`, tree);
    await copy([`${top}/src`, `${top}/dst`, '-j', '2'], { driver });
    expectSame(`${top}/src`, `${top}/dst`, { mode: 0o7777, times: timesOf(driver) });
  });

  test('setuid, setgid and sticky bits stay behind without -a', async () => {
    const top = temp();
    plant(`${top}/src`, {
      suid: file('x', { mode: 0o4755 }),
      sgid: file('x', { mode: 0o2755 }),
      sticky: directory({ mode: 0o1777 }),
      shared: directory({ mode: 0o2775 }),
      'shared/in': file('x', { mode: 0o6711 }),
    });
    await copy([`${top}/src`, `${top}/dst`], { driver });
    expectSame(`${top}/src`, `${top}/dst`, { times: timesOf(driver) });
    for (const [path, { mode }] of survey(`${top}/dst`)) expect(mode & 0o7000, path).toBe(0);
  });

  needs('root')(
    'new directories below a setgid one inherit group and bit, as with cp -r; with -a they are as the source',
    async () => {
      const top = temp();
      plant(`${top}/src`, { 'a/b/file': file('x') });
      plant(`${top}/dst`, { '': directory({ gid: 1002, mode: 0o2755 }) });
      await copy([`${top}/src`, `${top}/dst`], { driver });
      for (const path of ['a', 'a/b'])
        expect(statSync(`${top}/dst/${path}`), path).toMatchObject({ gid: 1002, mode: 0o42755 });
      await copy([`${top}/src`, `${top}/dst/archive`, '-a'], { driver });
      expect(statSync(`${top}/dst/archive/a/b`)).toMatchObject({ gid: 0, mode: 0o40755 });
    },
  );

  needs('root')('an ordinary user copies a tree of read-only directories', async () => {
    const top = temp();
    const owned: Tree = Object.fromEntries(
      Object.entries(readOnly).map(([path, entry]) => [path, { ...entry, ...ORDINARY }]),
    );
    plant(`${top}/src`, owned);
    mkdirSync(`${top}/out`);
    chownSync(`${top}/out`, ORDINARY.uid, ORDINARY.gid);
    await copy([`${top}/src`, `${top}/out/dst`, '-j', '2'], { driver, user: ORDINARY });
    expectSame(`${top}/src`, `${top}/out/dst`, { owner: true, times: timesOf(driver) });
  });

  needs('strace')('while it is written, a file is readable by nobody who may not read its source', async () => {
    const top = temp();
    plant(`${top}/src`, { 'd/private': file('secret', { mode: 0o600 }), 'd/mine': file('secret', { mode: 0o400 }) });
    for (const [name, options] of [
      ['atomic', []],
      ['in place', ['--no-atomic']],
    ] as const) {
      const log = `${top}/${name}.strace`;
      const prefix = tracing(log, 'open', 'openat', 'openat2', 'creat');
      await copy([...options, `${top}/src/d`, `${top}/${name}`], { driver, prefix });
      const calls = traced(log).filter((call) => call.includes(`${top}/`));
      const modes = calls
        .map((call) => /(?:O_CREAT|O_TMPFILE).*, (0[0-7]*)\) = \d/.exec(call)?.[1])
        .filter((mode) => mode);
      expect(modes.length, calls.join('\n')).toBeGreaterThan(1);
      for (const mode of modes) expect(Number.parseInt(mode ?? '', 8) & 0o077, calls.join('\n')).toBe(0);
    }
  });
});
