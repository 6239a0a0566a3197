import { availableParallelism } from 'node:os';
import { expect, test } from 'vitest';
import { differences, expectSame } from '../support/compare.ts';
import { childrenOf, openFiles, type Process, processes } from '../support/processes.ts';
import { copy, expectExit, overBothDrivers, type Running, start, until } from '../support/run.ts';
import { temp } from '../support/temp.ts';
import { file, plant, type Tree } from '../support/tree.ts';
import { timesOf } from './precision.ts';
import { SLOW, slowFile } from './slow.ts';

function slowTree(files: number, bytes?: number): Tree {
  return Object.fromEntries(Array.from({ length: files }, (_, i) => [`d${i}/file-${i}`, slowFile(bytes)]));
}

/** The most children seen at once while `condition` has not come true. */
async function mostChildren(run: Running, condition: (now: Process[]) => boolean): Promise<number> {
  let most = 0;
  await until(() => {
    const now = childrenOf(run.pid);
    most = Math.max(most, now.length);
    return condition(now);
  }, 'the workers');
  return most;
}

const worksIn = (dir: string) => (process: Process) => openFiles(process.pid).some((path) => path.startsWith(dir));

overBothDrivers((driver) => {
  test('-j 3 means three workers, all of them at work, and never more', async () => {
    const top = temp();
    plant(`${top}/src`, slowTree(8));
    const run = start([...SLOW, '-j', '3', `${top}/src`, `${top}/dst`], { driver });
    const most = await mostChildren(run, (now) => now.filter(worksIn(`${top}/src`)).length === 3);
    expect(most).toBe(3);
    run.child.kill('SIGTERM');
    expectExit(await run.done, 143);
  });

  test('no more workers than there is work for', async () => {
    const top = temp();
    plant(`${top}/src`, { only: slowFile(600_000) });
    const run = start([...SLOW, '-j', '8', `${top}/src`, `${top}/dst`], { driver });
    let most = 0;
    const watch = setInterval(() => (most = Math.max(most, childrenOf(run.pid).length)), 5);
    await run.done.finally(() => clearInterval(watch));
    expectExit(await run.done, 0);
    expect(most).toBe(1);
  });

  test('a worker that is killed costs the file in its hand, which is named; the run goes on', async () => {
    const top = temp();
    const tree = {
      ...slowTree(2, 1 << 20),
      ...Object.fromEntries(Array.from({ length: 50 }, (_, i) => [`e/${i}`, file('x')])),
    };
    plant(`${top}/src`, tree);
    const run = start([...SLOW, '-j', '2', `${top}/src`, `${top}/dst`], { driver });
    let victim: { pid: number; path: string } | undefined;
    await until(() => {
      for (const { pid } of childrenOf(run.pid)) {
        const path = openFiles(pid).find((name) => name.startsWith(`${top}/src/`) && name.includes('file-'));
        if (path !== undefined) victim = { pid, path };
      }
      return victim !== undefined;
    }, 'a worker with a slow file in hand');
    process.kill(victim?.pid ?? 0, 'SIGKILL');
    const { stderr } = expectExit(await run.done, 1);
    const name = victim?.path.split('/').at(-1) ?? '';
    expect(stderr).toMatch(new RegExp(`^pcopy: .*${name}: .+ \\(\\w+\\)$`, 'm'));
    const left = differences(`${top}/src`, `${top}/dst`, { times: timesOf(driver) });
    expect(left.filter((line) => !line.includes('(top)'))).toEqual([
      `"${name.replace('file-', 'd')}/${name}": missing`,
    ]);
    await copy(['-u', `${top}/src`, `${top}/dst`], { driver });
    expectSame(`${top}/src`, `${top}/dst`, { times: timesOf(driver) });
  });

  test('workers that are killed again and again end the run, and never with success or half a file', async () => {
    const top = temp();
    plant(`${top}/src`, slowTree(3, 1 << 20));
    const run = start([...SLOW, '-j', '2', `${top}/src`, `${top}/dst`], { driver });
    const killer = setInterval(() => {
      for (const { pid } of childrenOf(run.pid)) {
        try {
          process.kill(pid, 'SIGKILL');
        } catch {
          // It went by itself.
        }
      }
    }, 20);
    const { code, stderr } = await run.done.finally(() => clearInterval(killer));
    expect([1, 4], stderr).toContain(code);
    expect(stderr).toMatch(/^pcopy: /m);
    for (const line of differences(`${top}/src`, `${top}/dst`, { times: 'ignore' })) {
      expect(line).toMatch(/: missing$|\(top\)|: mode /);
    }
  });

  test('by default there are as many workers as CPUs, two at least', async () => {
    const top = temp();
    plant(`${top}/src`, slowTree(24));
    const expected = Math.min(16, Math.max(2, availableParallelism()));
    const run = start([...SLOW, `${top}/src`, `${top}/dst`], { driver });
    await mostChildren(run, (now) => now.filter(worksIn(`${top}/src`)).length === expected);
    process.kill(run.pid, 'SIGKILL');
    await run.done;
    await until(() => !processes().some(({ command }) => command.includes(top)), 'the end of the workers');
  });
});
