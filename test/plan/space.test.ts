import { linkSync, mkdirSync, readdirSync, statfsSync, truncateSync, writeFileSync } from 'node:fs';
import { expect } from 'vitest';
import { mountImage, mountTmpfs } from '../support/mounts.ts';
import { needs } from '../support/needs.ts';
import { copy, expectExit, pcopy } from '../support/run.ts';
import { temp } from '../support/temp.ts';
import { file, plant } from '../support/tree.ts';

const MIB = 1 << 20;
needs('root')('a destination that is too small is refused, there or not, and nothing is written', async () => {
  const small = mountTmpfs({ size: '4M', inodes: 64 });
  const top = temp();
  plant(`${top}/big`, { d: file('x'), 'deep/file': file(Buffer.alloc(10 * MIB)) });
  plant(`${top}/many`, Object.fromEntries(Array.from({ length: 100 }, (_, i) => [`f${i}`, file()])));
  for (const destination of [small, `${small}/new/er`]) {
    const { stderr } = expectExit(await pcopy([`${top}/big`, destination]), 3);
    expect(stderr).toMatch(/10 MiB are needed, 4 MiB are free \(ENOSPC\)/);
    expect(expectExit(await pcopy([`${top}/many`, destination]), 3).stderr).toMatch(/10\d are needed, 6\d are free/);
    expect(readdirSync(small)).toEqual([]);
  }
  expectExit(await pcopy([`${top}/big/deep/file`, `${small}/one`]), 3);
  expectExit(await pcopy([`${top}/big`, small, '--no-preflight']), 4);
});

needs('root')('what fits is not refused: holes, names of one file, what is there and stays', async () => {
  const small = mountTmpfs({ size: '4M' });
  const top = temp();
  mkdirSync(`${top}/src`);
  writeFileSync(`${top}/src/sparse`, 'x');
  truncateSync(`${top}/src/sparse`, 100 * MIB);
  writeFileSync(`${top}/src/name`, Buffer.alloc(3 * MIB));
  for (const name of ['second', 'third']) linkSync(`${top}/src/name`, `${top}/src/${name}`);
  await copy([`${top}/src`, small]);
  await copy([`${top}/src`, small, '-u']);
  await copy([`${top}/src`, small, '-n']);
  await copy([`${top}/src`, small, '--exclude', '{name,second,third}']);
  const { stderr } = expectExit(await pcopy([`${top}/src`, small]), 3);
  expect(stderr).toContain('3 MiB are needed');
  expectExit(await pcopy([`${top}/src`, `${small}/x`, '--sparse', 'never']), 3);
});

needs('loop')('on one file system whose files can share blocks, more fits than is free', async () => {
  const at = mountImage('xfs');
  const { bavail, bsize } = statfsSync(at);
  mkdirSync(`${at}/src`);
  writeFileSync(`${at}/src/file`, Buffer.alloc(Math.floor(bavail * bsize * 0.6)));
  await copy([`${at}/src`, `${at}/dst`]);
  expectExit(await pcopy([`${at}/src`, `${at}/full`, '--reflink', 'never']), 3);
});
