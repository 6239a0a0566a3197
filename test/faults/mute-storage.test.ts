import { mkdirSync } from 'node:fs';
import { expect } from 'vitest';
import { mountMute } from '../support/mounts.ts';
import { needs } from '../support/needs.ts';
import { overBothDrivers, start, until } from '../support/run.ts';
import { temp } from '../support/temp.ts';
import { file, plant } from '../support/tree.ts';
import { familyOf, pause, send } from './support/moment.ts';

overBothDrivers((driver) => {
  needs('fuse', 'python3').for([
    { what: 'the source', at: 'src', args: ['src', 'dst'] },
    { what: 'a directory of the source', at: 'src/mute', args: ['src', 'dst'] },
    { what: 'one with -u and --delete', at: 'src/mute', args: ['src', 'dst', '-u', '--delete'] },
    { what: 'the destination', at: 'dst', args: ['src', 'dst'] },
  ])('storage that never answers makes nobody deaf: $what', async ({ at, args }) => {
    const top = temp();
    plant(`${top}/src`, { 'a/file': file('x') });
    mkdirSync(`${top}/${at}`, { recursive: true });
    await mountMute(`${top}/${at}`);
    const running = start(args, { driver, cwd: top });
    // By then no SIGUSR2 ends it; what comes before it has read its arguments is passed over.
    await until(() => familyOf(running.pid).length > 1, 'a worker');
    while (running.output().stderr === '' && send(running.pid, 'SIGUSR2')) await pause(50);
    send(running.pid, 'SIGTERM');
    const { code, signal, stderr } = await running.done;
    // Without koffi a process leaves calls behind only by being ended.
    expect(driver === 'node' ? [143, 'SIGTERM'] : [143], stderr).toContain(code ?? signal);
  });
});
