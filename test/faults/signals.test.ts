import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, rmSync } from 'node:fs';
import { expect } from 'vitest';
import { needs } from '../support/needs.ts';
import { workersOf } from '../support/processes.ts';
import { Random } from '../support/random.ts';
import { rsyncDifferences } from '../support/rsync.ts';
import { copy, overBothDrivers, until } from '../support/run.ts';
import { temp } from '../support/temp.ts';
import { FULL } from './support/matrix.ts';
import { familyOf, membersOf, pause, send, startMarked } from './support/moment.ts';
import { busyTree, plantSource, temporaryFiles } from './support/scene.ts';
import { halfFiles, judge } from './support/verdict.ts';

const CODES = { SIGINT: 130, SIGTERM: 143, SIGHUP: 129 } as const;
const MOMENTS = FULL ? 40 : 3;

overBothDrivers((driver) => {
  needs('rsync', 'python3').for(Object.keys(CODES) as (keyof typeof CODES)[])(
    '%s at any moment: nothing half, nothing left, and the next run completes',
    { timeout: 600_000 },
    async (name) => {
      const top = temp();
      const source = plantSource(`${top}/src`, busyTree());
      const random = new Random(CODES[name]);
      const expected = { source, before: new Map(), from: `${top}/src`, destination: `${top}/dst` };
      const { from, destination } = expected;
      for (let run = 0; run < MOMENTS; run++) {
        const running = startMarked(destination, [from, destination, '-j', '3', '--batch', '4'], driver);
        await pause(80 + random.below(250));
        // A terminal sends it to the workers as well.
        const toAll = run % 2 === 1 && name !== 'SIGTERM';
        for (const pid of toAll ? familyOf(running.pid) : [running.pid]) send(pid, name);
        const { code, signal, stderr } = await running.done;
        // Before Node has set up its handlers a signal is nobody's but the system's.
        const early = signal === name;
        expect(code === CODES[name] || code === 0 || early, `${code} ${signal}\n${stderr}`).toBe(true);
        await until(() => membersOf(destination).length === 0, 'the end of every process', 5_000);
        expect(halfFiles(expected)).toEqual([]);
        if (!early && code !== 0) expect(temporaryFiles(destination), stderr).toEqual([]);
        await copy([from, destination], { driver });
        expect(rsyncDifferences(from, destination)).toEqual([]);
        rmSync(destination, { recursive: true });
      }
    },
  );

  needs('python3')('a second signal ends at once, a stopped worker notwithstanding', { timeout: 120_000 }, async () => {
    const top = temp();
    const source = plantSource(`${top}/src`, busyTree());
    const expected = { source, before: new Map(), from: `${top}/src`, destination: `${top}/dst` };
    const { from, destination } = expected;
    for (const signals of [['SIGINT'], ['SIGINT', 'SIGTERM']] as const) {
      // Held back: the other worker must not be done before the signal.
      const running = startMarked(destination, [from, destination, '-j', '2', '--bwlimit', '200K'], driver);
      const workers = () => workersOf(running.pid);
      await until(() => workers().length > 0, 'a worker');
      const worker = workers()[0]?.pid ?? 0;
      send(worker, 'SIGSTOP');
      await until(() => workers().length > 1, 'the other worker');
      await pause(300);
      for (const name of signals) send(running.pid, name);
      const { code, signal, stderr } = await running.done;
      // The run may have ended by the first one before the second is heard.
      const codes = signals.map((name) => CODES[name]);
      expect(codes, `${code} ${signal}\n${stderr}`).toContain(code);
      // What is stopped cannot see that its parent is gone: only a stopped orphan of the second signal may remain.
      send(worker, 'SIGCONT');
      await until(() => membersOf(destination).length === 0, 'the end of every process', 5_000);
      expect(halfFiles(expected)).toEqual([]);
      if (signals.length === 1) expect(temporaryFiles(destination)).toEqual([]);
    }
    await copy([from, destination], { driver });
    expect(temporaryFiles(destination)).toEqual([]);
  });

  needs('python3')(
    'workers killed as fast as they come: the run ends, and says what is missing',
    { timeout: 120_000 },
    async () => {
      const top = temp();
      const source = plantSource(`${top}/src`, busyTree());
      const expected = { source, before: new Map(), from: `${top}/src`, destination: `${top}/dst` };
      const { from, destination } = expected;
      const running = startMarked(
        destination,
        [from, destination, '-j', '3', '--batch', '1', '--bwlimit', '2M'],
        driver,
      );
      let ended = false;
      const done = running.done.finally(() => {
        ended = true;
      });
      while (!ended) {
        for (const pid of familyOf(running.pid).slice(1)) send(pid, 'SIGKILL');
        await pause(120);
      }
      const result = await done;
      expect(result.code === 1 || result.code === 4, result.stderr).toBe(true);
      expect(judge(result, expected)).toEqual([]);
      await copy([from, destination], { driver });
      expect(temporaryFiles(destination)).toEqual([]);
    },
  );
});

needs('root', 'strace')('a second signal ends at once, a worker that cannot die notwithstanding', async () => {
  const top = temp();
  plantSource(`${top}/src`, busyTree());
  const running = startMarked(top, [`${top}/src`, `${top}/dst`, '-j', '1', '--bwlimit', '100K'], 'libc');
  await until(() => workersOf(running.pid).length > 0, 'a worker');
  const [worker] = workersOf(running.pid);
  // A process ends when its tracer has seen the end.
  const tracer = spawn('strace', ['-f', '-p', String(worker?.pid), '-o', '/dev/null'], {
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  try {
    await once(tracer.stderr, 'data');
    tracer.kill('SIGSTOP');
    // Before Node has set up its handlers a signal is nobody's but the system's.
    await until(() => existsSync(`${top}/dst`), 'the run');
    send(running.pid, 'SIGTERM');
    await until(() => running.output().stderr.includes('once more to end at once'), 'the answer');
    await pause(100);
    send(running.pid, 'SIGTERM');
    expect((await running.done).code).toBe(143);
  } finally {
    tracer.kill('SIGKILL');
  }
  await until(() => membersOf(top).length === 0, 'the end of every process', 5_000);
});
