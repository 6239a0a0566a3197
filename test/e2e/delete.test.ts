import { existsSync, mkdirSync, readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { expectSame } from '../support/compare.ts';
import { needs } from '../support/needs.ts';
import { ODD_NAMES } from '../support/odd-tree.ts';
import { copy, expectExit, ORDINARY, overBothDrivers, pcopy } from '../support/run.ts';
import { temp } from '../support/temp.ts';
import { directory, fifo, file, plant, symlink, type Tree } from '../support/tree.ts';

overBothDrivers((driver) => {
  needs('python3')(
    '--delete removes what the source does not have, of every type and name, and nothing through a link',
    async () => {
      const top = temp();
      const source: Tree = { 'd/kept': file('kept'), 'same type': file('new'), 'e/f': file('f') };
      const extra: Tree = {
        'd/extra': file('x'),
        'gone/with/all': file('x'),
        'empty gone': directory(),
        'closed gone': directory({ mode: 0o000 }),
        pipe: fifo(),
        'link to outside': symlink('../outside'),
        'e/link': symlink('../../outside/canary'),
        ...Object.fromEntries(ODD_NAMES.map((name) => [`odd/${name}`, file('x')])),
      };
      plant(`${top}/outside`, { canary: file('canary') });
      plant(`${top}/src`, source);
      plant(`${top}/dst`, { ...source, ...extra });
      await copy(['--delete', `${top}/src`, `${top}/dst`], { driver });
      expectSame(`${top}/src`, `${top}/dst`, { times: 'ignore' });
      expect(readFileSync(`${top}/outside/canary`, 'utf8')).toBe('canary');
    },
  );

  test('--delete keeps what was excluded from the copy', async () => {
    const top = temp();
    plant(`${top}/src`, { a: file('a'), 'skip/x': file('x') });
    plant(`${top}/dst`, { a: file('a'), 'skip/mine': file('mine'), 'skip/x': file('old'), extra: file('x') });
    await copy(['--delete', '--exclude', 'skip', `${top}/src`, `${top}/dst`], { driver });
    expect(existsSync(`${top}/dst/extra`)).toBe(false);
    expect(readFileSync(`${top}/dst/skip/mine`, 'utf8')).toBe('mine');
    expect(readFileSync(`${top}/dst/skip/x`, 'utf8')).toBe('old');
  });

  needs('root')('--delete never removes anything after a source could not be read', async () => {
    const top = temp();
    plant(`${top}/src`, { 'closed/x': file('x'), closed: directory({ mode: 0o000 }), a: file('a') });
    plant(`${top}/out/dst`, {
      'closed/x': file('x', ORDINARY),
      closed: directory(ORDINARY),
      extra: file('x', ORDINARY),
      '': directory(ORDINARY),
    });
    expectExit(await pcopy(['--delete', `${top}/src`, `${top}/out/dst`], { driver, user: ORDINARY }), 1);
    expect(existsSync(`${top}/out/dst/extra`)).toBe(true);
    expect(existsSync(`${top}/out/dst/closed/x`)).toBe(true);
    expect(existsSync(`${top}/out/dst/a`)).toBe(true);
  });

  test('--max-delete: more than that is a failure, and removes nothing', async () => {
    const top = temp();
    plant(`${top}/src`, { a: file('a') });
    mkdirSync(`${top}/dst`);
    plant(`${top}/dst`, { one: file('1'), two: file('2'), three: file('3') });
    expectExit(await pcopy(['--delete', '--max-delete', '2', `${top}/src`, `${top}/dst`], { driver }), 1);
    expect(['one', 'two', 'three'].map((name) => existsSync(`${top}/dst/${name}`))).toEqual([true, true, true]);
    expect(existsSync(`${top}/dst/a`)).toBe(true);
    await copy(['--delete', '--max-delete', '3', `${top}/src`, `${top}/dst`], { driver });
    expectSame(`${top}/src`, `${top}/dst`, { times: 'ignore' });
  });
});
