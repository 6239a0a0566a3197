import { spawnSync } from 'node:child_process';
import { readdirSync, statfsSync, writeFileSync } from 'node:fs';
import { describe, expect } from 'vitest';
import { expectSame } from '../support/compare.ts';
import { mountImage } from '../support/mounts.ts';
import { needs } from '../support/needs.ts';
import { Random } from '../support/random.ts';
import { copy, expectExit, overBothDrivers, pcopy } from '../support/run.ts';
import { temp } from '../support/temp.ts';
import { file, plant } from '../support/tree.ts';

const MiB = 1 << 20;

function freeBytes(path: string): number {
  spawnSync('sync', ['-f', path]);
  const { bavail, bsize } = statfsSync(path);
  return bavail * bsize;
}

describe.each(['btrfs', 'xfs'] as const)('on %s', (type) => {
  needs('loop', `mkfs.${type}`)(
    '--reflink auto and always share blocks, never does not, and copies stay apart',
    async () => {
      const at = mountImage(type);
      const block = new Random(1).bytes(MiB);
      plant(`${at}/src`, { 'd/big': file(Buffer.concat(Array<Buffer>(24).fill(block))), small: file('small') });
      const used = async (name: string, ...options: string[]) => {
        const before = freeBytes(at);
        await copy([...options, `${at}/src`, `${at}/${name}`], { driver: 'libc' });
        expectSame(`${at}/src`, `${at}/${name}`);
        return before - freeBytes(at);
      };
      expect(await used('auto')).toBeLessThan(8 * MiB);
      expect(await used('always', '--reflink=always')).toBeLessThan(8 * MiB);
      expect(await used('never', '--reflink=never')).toBeGreaterThan(16 * MiB);
      writeFileSync(`${at}/auto/d/big`, 'changed');
      expectSame(`${at}/src`, `${at}/always`);
    },
  );
});

overBothDrivers((driver) => {
  needs('root')('--reflink always is an error for each file where it cannot be', async () => {
    const top = temp();
    plant(`${top}/src`, { 'a/one': file('one'), two: file('two') });
    const { stderr } = expectExit(await pcopy(['--reflink=always', `${top}/src`, `${top}/dst`], { driver }), 1);
    for (const name of ['a/one', 'two']) expect(stderr).toMatch(new RegExp(`^pcopy: .*${name}: .+ \\(E\\w+\\)$`, 'm'));
    expect(readdirSync(`${top}/dst`)).toEqual(['a']);
    expect(readdirSync(`${top}/dst/a`)).toEqual([]);
  });
});
