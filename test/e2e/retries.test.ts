import { expect } from 'vitest';
import { expectSame } from '../support/compare.ts';
import { needs } from '../support/needs.ts';
import { copy, expectExit, overBothDrivers, pcopy } from '../support/run.ts';
import { failing } from '../support/strace.ts';
import { temp } from '../support/temp.ts';
import { file, plant } from '../support/tree.ts';
import { timesOf } from './precision.ts';

overBothDrivers((driver) => {
  needs('strace')('a transient failure is tried again, and only as often as was asked for', async () => {
    const top = temp();
    plant(`${top}/src`, { 'd/file': file('content') });
    const busy = (when: string) => failing('read,pread64', `EBUSY:when=${when}`, `${top}/src/d/file`);
    await copy([`${top}/src`, `${top}/once`], { driver, prefix: busy('1') });
    expectSame(`${top}/src`, `${top}/once`, { times: timesOf(driver) });
    const none = await pcopy(['--retries', '0', `${top}/src`, `${top}/none`], { driver, prefix: busy('1') });
    expect(expectExit(none, 1).stderr).toMatch(/^pcopy: .*d\/file: .+ \(EBUSY\)$/m);
    const always = await pcopy(['--retries=1', `${top}/src`, `${top}/always`], { driver, prefix: busy('1+') });
    expect(expectExit(always, 1).stderr).toMatch(/^pcopy: .*d\/file: .+ \(EBUSY\)$/m);
  });

  needs('strace')('a failure that is not transient is not tried again', async () => {
    const top = temp();
    plant(`${top}/src`, { 'd/file': file('content') });
    const prefix = failing('read,pread64', 'EIO:when=1', `${top}/src/d/file`);
    expectExit(await pcopy([`${top}/src`, `${top}/dst`], { driver, prefix }), 1);
  });
});
