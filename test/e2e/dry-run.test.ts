import { existsSync } from 'node:fs';
import { expect, test } from 'vitest';
import { survey } from '../support/compare.ts';
import { copy, expectExit, overBothDrivers, pcopy } from '../support/run.ts';
import { temp } from '../support/temp.ts';
import { directory, file, plant, symlink } from '../support/tree.ts';

function names(stdout: string): string[] {
  return stdout
    .split('\n')
    .filter((line) => line !== '')
    .sort();
}

overBothDrivers((driver) => {
  test('--dry-run names what the run would do, and changes nothing', async () => {
    const top = temp();
    plant(`${top}/src`, {
      'a/new': file('new'),
      'a/changed': file('changed'),
      same: file('same'),
      link: symlink('x'),
      e: directory(),
    });
    plant(`${top}/dst`, { 'a/changed': file('old'), same: file('same'), extra: file('x') });
    const before = survey(top);
    const dry = await copy(['--dry-run', '-v', '--delete', 'src', 'dst'], { driver, cwd: top });
    expect(dry.stderr).toMatch(/^pcopy: dry run: would copy 3 files, .*\n {2}1 would be deleted\n/m);
    const after = survey(top);
    for (const item of [...before.values(), ...after.values()]) item.atime = 0n;
    expect(after).toEqual(before);
    for (const name of ['a/new', 'a/changed', 'link', 'extra']) expect(dry.stdout).toContain(name);
    for (const line of ['src/a/new -> dst/a/new (new)', 'src/a/changed -> dst/a/changed (replaced)'])
      expect(dry.stdout).toContain(`${line}\n`);
    expect(dry.stdout).toContain('would delete dst/extra\n');
    const json = await copy(['--dry-run', '--progress=json', 'src', 'dst'], { driver, cwd: top });
    expect(json.stdout).toMatch(/"path":"a\/changed".*"action":"copied".*"dryRun":true,"replaces":true/);
    expect(json.stdout).toMatch(/"path":"a\/new".*"dryRun":true}/);
    const real = await copy(['-v', '--delete', 'src', 'dst'], { driver, cwd: top });
    for (const name of ['a/new', 'a/changed', 'link', 'extra']) expect(real.stdout).toContain(name);
    expect(names(dry.stdout).length).toBe(names(real.stdout).length);
  });

  test('--dry-run makes no destination, and refuses what the run would refuse', async () => {
    const top = temp();
    plant(`${top}/src`, { a: file('a') });
    expect((await copy(['--dry-run', 'src', 'x/y/dst'], { driver, cwd: top })).stdout).toContain('a');
    expect(existsSync(`${top}/x`)).toBe(false);
    expectExit(await pcopy(['--dry-run', 'src', 'src/in'], { driver, cwd: top }), 3);
    expectExit(await pcopy(['--dry-run', 'missing', 'dst'], { driver, cwd: top }), 3);
  });

  test('the last event says whether it was a dry run, however the run ended', async () => {
    const top = temp();
    plant(`${top}/src`, { a: file('a') });
    const end = async (...args: string[]) => {
      const { stdout } = await pcopy(['--progress=json', ...args], { driver, cwd: top });
      return JSON.parse(stdout.trimEnd().split('\n').at(-1) ?? '') as object;
    };
    expect(await end('--dry-run', 'src', 'dst')).toMatchObject({ type: 'end', exitCode: 0, dryRun: true });
    expect(await end('--dry-run', 'missing', 'dst')).toMatchObject({ type: 'end', exitCode: 3, dryRun: true });
    expect(await end('--dry-run', 'src', 'dst', '-j0')).toMatchObject({ type: 'end', exitCode: 2, dryRun: true });
    expect(await end('src', 'dst')).toMatchObject({ type: 'end', exitCode: 0, dryRun: false });
  });

  test('-v says a line for each entry: source, arrow, destination', async () => {
    const top = temp();
    plant(`${top}/src`, { 'a/b': file('b'), l: symlink('a') });
    const { stdout } = await copy(['-v', 'src', 'dst'], { driver, cwd: top });
    expect(names(stdout)).toEqual(expect.arrayContaining(['src/a/b -> dst/a/b', 'src/l -> dst/l']));
  });
});
