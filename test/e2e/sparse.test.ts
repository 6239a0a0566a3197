import { spawnSync } from 'node:child_process';
import { closeSync, openSync, readSync, statSync } from 'node:fs';
import { expect, test } from 'vitest';
import { expectSame } from '../support/compare.ts';
import { needs } from '../support/needs.ts';
import { copy, expectExit, overBothDrivers, pcopy } from '../support/run.ts';
import { temp } from '../support/temp.ts';
import { type Entry, file, plant } from '../support/tree.ts';
import { timesOf } from './precision.ts';

const MiB = 1 << 20;

const islands: Entry = {
  type: 'sparse',
  size: 40 * MiB + 5,
  data: [
    [0, 'first'],
    [10 * MiB + 17, Buffer.alloc(70_000, 'x')],
    [39 * MiB, 'last'],
  ],
};

function allocated(path: string): number {
  return statSync(path).blocks * 512;
}

function readAt(path: string, offset: number, length: number): string {
  const fd = openSync(path, 'r');
  const buffer = Buffer.alloc(length);
  const read = readSync(fd, buffer, 0, length, offset);
  closeSync(fd);
  return buffer.toString('latin1', 0, read);
}

overBothDrivers((driver) => {
  test('holes: kept, made of zeros, or filled, and always the same content', async () => {
    const top = temp();
    const zeros = Buffer.concat([Buffer.from('head'), Buffer.alloc(8 * MiB), Buffer.from('tail')]);
    plant(`${top}/src`, { islands, hole: { type: 'sparse', size: 8 * MiB, data: [] }, zeros: file(zeros) });
    await copy([`${top}/src`, `${top}/auto`], { driver });
    await copy([`${top}/src`, `${top}/always`, '--sparse', 'always'], { driver });
    await copy([`${top}/src`, `${top}/never`, '--sparse=never'], { driver });
    for (const name of ['auto', 'always', 'never']) {
      expectSame(`${top}/src`, `${top}/${name}`, { times: timesOf(driver) });
    }
    expect(allocated(`${top}/auto/islands`)).toBeLessThan(MiB);
    expect(allocated(`${top}/auto/hole`)).toBe(0);
    expect(allocated(`${top}/always/islands`)).toBeLessThan(MiB);
    expect(allocated(`${top}/always/zeros`)).toBeLessThan(MiB);
    expect(allocated(`${top}/never/islands`)).toBeGreaterThanOrEqual(40 * MiB);
    expect(allocated(`${top}/never/zeros`)).toBeGreaterThanOrEqual(8 * MiB);
  });

  needs('truncate')('a hole of more than 8 PiB is an error for that file, and a dry run says so too', async () => {
    const top = temp();
    plant(`${top}/src`, { a: file('a'), hole: file('') });
    spawnSync('truncate', ['--size', String(2n ** 53n), `${top}/src/hole`]);
    for (const options of [['--dry-run'], []]) {
      const { stderr } = expectExit(await pcopy([...options, `${top}/src`, `${top}/dst`], { driver }), 1);
      expect(stderr).toContain('/src/hole: open: is larger than 8 PiB (EFBIG)');
      expect(stderr).toMatch(/copy 1 file|copied 1 file/);
    }
  });

  test('a file that says it is empty and is not: copied with its content, or failed', async () => {
    const top = temp();
    const { code } = await pcopy(['/proc/version', `${top}/version`], { driver });
    if (code === 0) expect(readAt(`${top}/version`, 0, 5)).toBe('Linux');
    else expect(code).toBe(1);
  });
});

// Only with SEEK_DATA can the holes be passed over without reading them.
test('driver libc: 3 GiB + 1 and 1 TiB of hole take no time and no space', async () => {
  const top = temp();
  const GiB = 1024 * MiB;
  plant(`${top}/src`, {
    'three and one': { type: 'sparse', size: 3 * GiB + 1, data: [[3 * GiB - 2, 'end']] },
    'one tebibyte': { type: 'sparse', size: 1024 * GiB, data: [[512 * GiB, 'middle']] },
  });
  await copy([`${top}/src`, `${top}/dst`, '-j', '2'], { driver: 'libc' });
  expect(statSync(`${top}/dst/three and one`).size).toBe(3 * GiB + 1);
  expect(readAt(`${top}/dst/three and one`, 3 * GiB - 4, 8)).toBe('\0\0end');
  expect(allocated(`${top}/dst/three and one`)).toBeLessThan(MiB);
  expect(statSync(`${top}/dst/one tebibyte`).size).toBe(1024 * GiB);
  expect(readAt(`${top}/dst/one tebibyte`, 512 * GiB - 1, 8)).toBe('\0middle\0');
  expect(allocated(`${top}/dst/one tebibyte`)).toBeLessThan(MiB);
});
