import { expect, test } from 'vitest';
import { expectSame } from '../support/compare.ts';
import { needs } from '../support/needs.ts';
import { Random } from '../support/random.ts';
import { copy, overBothDrivers } from '../support/run.ts';
import { traced, tracing } from '../support/strace.ts';
import { temp } from '../support/temp.ts';
import { file, plant, type Tree } from '../support/tree.ts';
import { timesOf } from './precision.ts';

function sizes(): Tree {
  const random = new Random(7);
  const list = [0, 1, 6, 7, 8, 1023, 1024, 1025, 2048, 65_536, 131_072, 131_073];
  return Object.fromEntries(list.map((size) => [`${size}`, file(random.bytes(size))]));
}

/** The lengths that `read` or `write` calls on files of the tree returned, in the order of the calls. */
function lengths(log: string, call: 'read' | 'write', at: string): number[] {
  const pattern = new RegExp(`${call}(?:64)?\\(\\d+<${at}/[^>]*>.* = (\\d+)$`);
  const found = traced(log).map((line) => pattern.exec(line)?.[1]);
  return found.filter((length) => length !== undefined).map(Number);
}

overBothDrivers((driver) => {
  test('the size of chunks and batches changes nothing in the copy', async () => {
    const top = temp();
    plant(`${top}/src`, sizes());
    const variants = [
      ['--chunk-size', '1'],
      ['--chunk-size', '7'],
      ['--batch', '1'],
      ['--chunk-size=1M'],
      ['--chunk-size=3K', '--batch=2'],
    ];
    for (const [i, options] of variants.entries()) {
      await copy([`${top}/src`, `${top}/dst${i}`, ...options], { driver });
      expectSame(`${top}/src`, `${top}/dst${i}`, { times: timesOf(driver) });
    }
  });

  needs('strace')('one chunk a call with --batch 1, contiguous chunks in one call by default', async () => {
    const top = temp();
    const content = new Random(3).bytes(100 * 1024 + 100);
    plant(`${top}/src`, { file: file(content) });
    const calls = async (name: string, ...options: string[]) => {
      const log = `${top}/${name}.strace`;
      const prefix = tracing(log, 'read', 'pread64', 'write', 'pwrite64');
      await copy([`${top}/src`, `${top}/${name}`, '--reflink=never', ...options], { driver, prefix });
      return {
        reads: lengths(log, 'read', `${top}/src`).filter((length) => length > 0),
        writes: lengths(log, 'write', `${top}/${name}`),
      };
    };
    const chunks = [...Array<number>(100).fill(1024), 100];
    expect(await calls('plain', '--batch', '1')).toEqual({ reads: chunks, writes: chunks });
    const batched = await calls('batched');
    expect(batched.reads.length).toBeLessThan(10);
    expect(batched.writes.length).toBeLessThan(10);
    expect(batched.writes.reduce((sum, length) => sum + length)).toBe(content.length);
    // Every call but the last moves whole chunks.
    for (const length of batched.writes.slice(0, -1)) expect(length % 1024).toBe(0);
  });
});
