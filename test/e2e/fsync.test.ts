import { expect } from 'vitest';
import { needs } from '../support/needs.ts';
import { copy, expectExit, overBothDrivers, pcopy } from '../support/run.ts';
import { failing, traced, tracing } from '../support/strace.ts';
import { temp } from '../support/temp.ts';
import { file, plant } from '../support/tree.ts';

overBothDrivers((driver) => {
  needs('strace')('--fsync: each file and each directory, and without it none', async () => {
    const top = temp();
    plant(`${top}/src`, { 'a/one': file('one'), 'a/two': file('two'), 'b/three': file('three') });
    const syncs = async (name: string, options: string[]) => {
      const log = `${top}/${name}.strace`;
      const prefix = tracing(log, 'fsync', 'fdatasync', 'syncfs');
      await copy([...options, `${top}/src`, `${top}/${name}`], { driver, prefix });
      return traced(log).filter((line) => line.includes(`<${top}/`));
    };
    expect(await syncs('without', [])).toEqual([]);
    const calls = await syncs('with', ['--fsync']);
    // Three files and three directories, or the whole file system once.
    const each = new Set(calls.map((line) => /<(.*)>/.exec(line)?.[1]));
    expect(each.size >= 6 || calls.some((line) => line.includes('syncfs')), calls.join('\n')).toBe(true);
  });

  needs('strace')('an fsync that fails is a failure of that entry', async () => {
    const top = temp();
    plant(`${top}/src`, { 'a/one': file('one') });
    const prefix = failing('fsync,fdatasync,syncfs', 'EIO', `${top}/dst/a`, `${top}/dst`);
    const { stderr } = expectExit(await pcopy(['--fsync', `${top}/src`, `${top}/dst`], { driver, prefix }), 1);
    expect(stderr).toMatch(/^pcopy: .+: .+ \(EIO\)$/m);
  });
});
