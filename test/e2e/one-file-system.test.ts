import { mkdirSync } from 'node:fs';
import { expect } from 'vitest';
import { everything } from '../scan/list.ts';
import { bindOnto, mountTmpfs } from '../support/mounts.ts';
import { needs } from '../support/needs.ts';
import { copy, overBothDrivers } from '../support/run.ts';
import { temp } from '../support/temp.ts';
import { file, plant } from '../support/tree.ts';

overBothDrivers((driver) => {
  needs('root')(
    'what is mounted in the source is an empty folder, and what is there at the destination stays',
    async () => {
      const top = temp();
      plant(top, { 'src/a/f': file('f'), 'src/a/mnt/hidden': file(), 'dst/a/mnt/kept': file(), 'dst/a/gone': file() });
      const mounted = mountTmpfs();
      plant(mounted, { 'deep/g': file('g') });
      bindOnto(mounted, `${top}/src/a/mnt`);
      const options = { cwd: top, driver };
      await copy(['-x', '--delete', 'src', 'dst'], options);
      expect(everything(`${top}/dst`)).toEqual(['a', 'a/f', 'a/mnt', 'a/mnt/kept']);
      await copy(['-x', 'src', 'new', '--exclude', '**/*.o'], options);
      expect(everything(`${top}/new`)).toEqual(['a', 'a/f', 'a/mnt']);
      // What is named is on the device that it is on.
      mkdirSync(`${top}/several`);
      await copy(['-x', 'src/a/mnt', 'src/a', 'several'], options);
      expect(everything(`${top}/several`)).toEqual(['a', 'a/f', 'a/mnt', 'mnt', 'mnt/deep', 'mnt/deep/g']);
    },
  );
});
