import { readdirSync } from 'node:fs';
import { expect } from 'vitest';
import { survey } from '../support/compare.ts';
import { needs } from '../support/needs.ts';
import { overBothDrivers, pcopy } from '../support/run.ts';
import { temp } from '../support/temp.ts';
import { plantOld, plantSource, smallTree } from './support/scene.ts';
import { judge, named } from './support/verdict.ts';

/** Calls of the command itself, which lists and never copies. */
const FAULTS = [
  'getdents64:error=EIO:when=1',
  'getdents64:error=EIO:when=2+',
  'getdents64:error=ESTALE:when=1+',
  '?statx,?newfstatat,?fstat:error=EIO:when=1+',
  '?lseek:error=EIO:when=1+',
  'openat:error=EACCES:when=1+',
  'close:error=EIO:when=1+',
];

overBothDrivers((driver) => {
  needs('strace', 'python3').for(FAULTS)('the listing of a directory meets %s', async (fault) => {
    const top = temp();
    const from = `${top}/src`;
    const destination = `${top}/dst`;
    const source = plantSource(from, smallTree());
    plantOld(destination);
    const before = survey(destination);
    // Without -f strace stays with the command, and its workers go untouched.
    const calls = fault.slice(0, fault.indexOf(':'));
    const prefix = [
      'strace',
      '-qq',
      '-o',
      '/dev/null',
      '-P',
      `${from}/d`,
      '-e',
      `trace=${calls}`,
      '-e',
      `inject=${fault}`,
    ];
    const result = await pcopy([from, destination, '-j', '2', '--delete'], { driver, prefix });
    expect(judge(result, { source, before, from, destination, deletes: true })).toEqual([]);
    // What could not be listed may not be missed: nothing in there is deleted for it.
    if (named(result.stderr, from).size > 0) {
      expect(readdirSync(`${destination}/d`)).toContain('kept');
      expect(readdirSync(destination)).toContain('gone');
    }
  });
});
