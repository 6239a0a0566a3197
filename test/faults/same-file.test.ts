import { linkSync, mkdirSync, readFileSync, statSync } from 'node:fs';
import { expect, test } from 'vitest';
import { expectExit, overBothDrivers, pcopy } from '../support/run.ts';
import { temp } from '../support/temp.ts';
import { file, plant } from '../support/tree.ts';

overBothDrivers((driver) => {
  test('a destination file that is the source file under another name stays, and is named', async () => {
    const top = temp();
    plant(`${top}/src`, { same: file('one file'), other: file('another') });
    mkdirSync(`${top}/dst`);
    linkSync(`${top}/src/same`, `${top}/dst/same`);
    for (const options of [[], ['--no-atomic']]) {
      const result = await pcopy([...options, `${top}/src`, `${top}/dst`], { driver });
      expect(expectExit(result, 1).stderr).toMatch(/^pcopy: .*\/same: .*same file \(EPCOPY_SAME\)$/m);
      expect(readFileSync(`${top}/src/same`, 'utf8')).toBe('one file');
      expect(statSync(`${top}/dst/same`).ino).toBe(statSync(`${top}/src/same`).ino);
      expect(readFileSync(`${top}/dst/other`, 'utf8')).toBe('another');
    }
  });
});
