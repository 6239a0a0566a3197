import { existsSync } from 'node:fs';
import { expect, test } from 'vitest';
import { expectSame, survey } from '../support/compare.ts';
import { childrenOf, processesWithEnvironment } from '../support/processes.ts';
import { Random } from '../support/random.ts';
import { copy, DRIVERS, start, until } from '../support/run.ts';
import { removeTree, temp } from '../support/temp.ts';
import { file, hardlink, plant, type Tree } from '../support/tree.ts';
import { timesOf } from './precision.ts';

/** More by hand: PCOPY_KILL_RUNS=200. */
const RUNS = Number(process.env.PCOPY_KILL_RUNS ?? 10);

function tree(random: Random): Tree {
  const entries: Tree = {};
  for (let i = 0; i < 60; i++) entries[`d${i % 7}/e${i % 3}/f${i}`] = file(random.bytes(random.below(60_000)));
  entries['d0/large'] = file(Buffer.alloc(3_000_000, 'large'));
  entries['d1/link'] = hardlink('d0/large');
  return entries;
}

test(
  `SIGKILL at a random moment to a random process, ${RUNS} times: files are whole, and the next run completes`,
  async () => {
    const top = temp();
    const seed = Date.now() % 1_000_000;
    const random = new Random(seed);
    plant(`${top}/src`, tree(random));
    const wanted = survey(`${top}/src`);
    for (let run = 0; run < RUNS; run++) {
      const driver = DRIVERS[run % DRIVERS.length] ?? 'libc';
      const label = `seed ${seed}, run ${run}, driver ${driver}`;
      const destination = `${top}/dst${run}`;
      const args = ['--chunk-size', '256', '--batch', '4', '-j', '3', `${top}/src`, destination];
      const running = start(args, { driver, env: { PCOPY_TEST_CASE: destination } });
      await new Promise((resolve) => setTimeout(resolve, 60 + random.below(350)));
      const targets = [running.pid, ...childrenOf(running.pid).map(({ pid }) => pid)];
      try {
        process.kill(targets[random.below(targets.length)] ?? 0, 'SIGKILL');
      } catch {
        // The run had ended: a moment like any other.
      }
      const { code, signal, stderr } = await running.done;
      expect(signal === 'SIGKILL' || code === 0 || code === 1, `${label}: ${code}\n${stderr}`).toBe(true);
      const alive = () => processesWithEnvironment(`PCOPY_TEST_CASE=${destination}`).length;
      await until(() => alive() === 0, `${label}: the end of every process`, 1000);

      for (const [path, content] of filesOf(destination)) {
        if (wanted.has(path)) expect(content, `${label}: ${path}`).toBe(wanted.get(path)?.content);
      }
      await copy([`${top}/src`, destination, '-j', '2'], { driver });
      expectSame(`${top}/src`, destination, { times: timesOf(driver) });
      removeTree(destination);
    }
  },
  30_000 + RUNS * 5_000,
);

/** None when the run was killed before it made the directory. */
function filesOf(top: string): [string, string][] {
  if (!existsSync(top)) return [];
  return [...survey(top)].filter(([, { type }]) => type === 'file').map(([path, { content }]) => [path, content]);
}
