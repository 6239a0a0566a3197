import { existsSync } from 'node:fs';
import { needs } from '../support/needs.ts';
import { expectRsyncSame } from '../support/rsync.ts';
import { copy, overBothDrivers, ROOT } from '../support/run.ts';
import { temp } from '../support/temp.ts';

/** Thousands of files that nobody made for a test. */
const TREES = [
  '/usr/share/perl',
  '/usr/share/zoneinfo',
  '/usr/share/terminfo',
  `${ROOT}/node_modules/vitest`,
  `${ROOT}/node_modules/typescript`,
];

overBothDrivers((driver) => {
  needs('rsync')('real trees: rsync finds no difference', async () => {
    const top = temp();
    for (const [i, tree] of TREES.filter((path) => existsSync(path)).entries()) {
      await copy([tree, `${top}/${i}`, '-j', '3'], { driver });
      expectRsyncSame(tree, `${top}/${i}`, { ignoreOwners: true, seconds: driver === 'node' });
    }
  });
});
