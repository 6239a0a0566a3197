import { readdirSync } from 'node:fs';
import { expect } from 'vitest';
import { needs } from '../support/needs.ts';
import { copy, expectExit, overBothDrivers, pcopy } from '../support/run.ts';
import { temp } from '../support/temp.ts';
import { fifo, file, plant, socket } from '../support/tree.ts';

overBothDrivers((driver) => {
  needs('root', 'python3')(
    'without -a FIFOs, sockets and devices are skipped, named and counted, and never opened',
    async () => {
      const top = temp();
      plant(`${top}/src`, {
        'd/a-pipe': fifo({ mode: 0o666 }),
        'd/b-pipe': fifo({ mode: 0o666 }),
        'd/a-socket': socket(),
        'd/endless': { type: 'character-device', major: 1, minor: 5, mode: 0o666 },
        'd/disk': { type: 'block-device', major: 7, minor: 200 },
        'd/file': file('x'),
      });
      const { stderr } = await copy([`${top}/src`, `${top}/dst`], { driver });
      expect(readdirSync(`${top}/dst/d`)).toEqual(['file']);
      for (const name of ['a-pipe', 'b-pipe', 'a-socket', 'endless', 'disk']) expect(stderr).toContain(`d/${name}`);
      expect(stderr).toMatch(/2 fifos/i);
      expect(stderr).toMatch(/1 socket/i);
      expect(stderr).toMatch(/2 devices/i);
      const strict = expectExit(await pcopy([`${top}/src`, `${top}/dst`, '--strict', '-q'], { driver }), 1);
      expect(strict.stderr).toMatch(/d\/a-pipe: copy: is a fifo, copied only with --archive \(EPCOPY_TYPE\)$/m);
    },
  );
});
