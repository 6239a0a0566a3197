import { chmodSync, mkdirSync, readFileSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { differences, expectSame, survey } from '../support/compare.ts';
import { copy, overBothDrivers, ROOT } from '../support/run.ts';
import { temp } from '../support/temp.ts';
import { directory, file, plant, symlink } from '../support/tree.ts';
import { timesOf } from './precision.ts';

const small = {
  '': directory({ mode: 0o750, mtime: 1_111_111_111_123_456_000n }),
  'a/b': file('content of b'),
  'a/.dotfile': file('hidden', { mode: 0o600 }),
  'a/link': symlink('b'),
  '.config/x': file('x'),
  empty: directory(),
};

overBothDrivers((driver) => {
  test('the contents of the source become the contents of the destination, the top with its own mode and times', async () => {
    const top = temp();
    plant(`${top}/src`, small);
    const { stdout, stderr } = await copy([`${top}/src`, `${top}/new/parents/dst`, '-j', '3'], { driver });
    expectSame(`${top}/src`, `${top}/new/parents/dst`, { times: timesOf(driver) });
    expect(stdout).toBe('');
    expect(stderr).not.toMatch(/merg/i);
    expect(stderr).toMatch(/\b3\b.*file/);
  });

  test('options stand anywhere, slashes mean nothing, -- ends the options', async () => {
    const top = temp();
    plant(`${top}/src`, small);
    plant(`${top}/-j`, small);
    await copy(['-j', '2', `${top}/src/`, `${top}/one`], { driver });
    await copy([`${top}/src`, '--jobs=2', `${top}/two/`], { driver });
    await copy([`${top}/src//.`, `${top}//three`, '-j2', '-q'], { driver });
    await copy(['-j', '1', '--', '-j', '--help'], { driver, cwd: top });
    await copy(['src', './five'], { driver, cwd: top });
    expectSame(`${top}/-j`, `${top}/--help`, { times: timesOf(driver) });
    for (const name of ['one', 'two', 'three', 'five']) {
      expectSame(`${top}/src`, `${top}/${name}`, { times: timesOf(driver) });
    }
  });

  test('an existing destination is merged into, and the command says so', async () => {
    const top = temp();
    plant(`${top}/src`, small);
    plant(`${top}/dst`, { '': directory({ mode: 0o700 }), 'a/b': file('old'), 'a/kept': file('kept') });
    chmodSync(`${top}/dst/a`, 0o711);
    const { stderr } = await copy([`${top}/src`, `${top}/dst`], { driver });
    expect(stderr).toMatch(/merg/i);
    expect(readFileSync(`${top}/dst/a/b`, 'utf8')).toBe('content of b');
    expect(readFileSync(`${top}/dst/a/kept`, 'utf8')).toBe('kept');
    expect(statSync(`${top}/dst`).mode & 0o777).toBe(0o700);
    expect(statSync(`${top}/dst/a`).mode & 0o777).toBe(0o711);
  });

  test('the two paths that the user typed may be links', async () => {
    const top = temp();
    plant(`${top}/src`, small);
    mkdirSync(`${top}/dst`);
    symlinkSync('src', `${top}/from`);
    symlinkSync(`${top}/dst`, `${top}/to`);
    await copy([`${top}/from`, `${top}/to`], { driver });
    await copy([`${top}/from`, `${top}/to/below`], { driver });
    expect(differences(`${top}/src/a`, `${top}/dst/a`, { times: timesOf(driver) })).toEqual([]);
    expectSame(`${top}/src`, `${top}/dst/below`, { times: timesOf(driver) });
  });

  test('the tree of the README', async () => {
    const top = temp();
    await copy([`${ROOT}/fixtures/tree`, `${top}/out`], { driver });
    expectSame(`${ROOT}/fixtures/tree`, `${top}/out`, { times: timesOf(driver) });
  });

  test('the umask takes nothing away', async () => {
    const top = temp();
    plant(`${top}/src`, { 'd/open': file('x', { mode: 0o666 }), d: directory({ mode: 0o777 }) });
    await copy([`${top}/src`, `${top}/dst`], { driver, prefix: ['sh', '-c', 'umask 077; exec "$@"', 'sh'] });
    expectSame(`${top}/src`, `${top}/dst`, { times: timesOf(driver) });
  });

  test('the source is never changed, and shares nothing with its copy', async () => {
    const top = temp();
    plant(`${top}/src`, small);
    const before = survey(`${top}/src`);
    const { ctimeNs } = statSync(`${top}/src/a/b`, { bigint: true });
    await copy([`${top}/src`, `${top}/dst`], { driver });
    writeFileSync(`${top}/dst/a/b`, 'changed in the copy');
    const after = survey(`${top}/src`);
    for (const item of [...before.values(), ...after.values()]) item.atime = 0n;
    expect(after).toEqual(before);
    expect(statSync(`${top}/src/a/b`, { bigint: true }).ctimeNs).toBe(ctimeNs);
  });
});
