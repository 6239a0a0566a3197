import { rmSync } from 'node:fs';
import { expect } from 'vitest';
import { needs } from '../support/needs.ts';
import { Random } from '../support/random.ts';
import { rsyncDifferences } from '../support/rsync.ts';
import { copy, type Driver, overBothDrivers, until } from '../support/run.ts';
import { temp } from '../support/temp.ts';
import { FULL } from './support/matrix.ts';
import { familyOf, membersOf, pause, send, startMarked } from './support/moment.ts';
import { busyTree, plantSource, temporaryFiles } from './support/scene.ts';
import { type Expectation, halfFiles, judge } from './support/verdict.ts';

/** For each driver. `FAULTS=full`: the two hundred that the promise was tried with. */
const RUNS = FULL ? 100 : 10;

overBothDrivers((driver) => {
  needs('rsync', 'python3')(
    `SIGKILL at a random moment to a random process, ${RUNS} times: whole files, no orphan, and the next run completes`,
    { timeout: 600_000 },
    async () => {
      const top = temp();
      const source = plantSource(`${top}/src`, busyTree());
      const lasts = await timeOf(`${top}/src`, `${top}/first`, driver);
      const seen: Record<string, number> = {};
      const lane = async (name: string, seed: number): Promise<void> => {
        const random = new Random(seed);
        const expected = { source, before: new Map(), from: `${top}/src`, destination: `${top}/${name}` };
        const { from, destination } = expected;
        for (let run = 0; run < RUNS / 2; run++) {
          const { ending, wrong } = await killSomewhere(expected, driver, random, lasts);
          seen[ending] = (seen[ending] ?? 0) + 1;
          expect(wrong, `seed ${seed}, run ${run}, ${ending}`).toEqual([]);
          await copy([from, destination, '-j', '2'], { driver });
          expect(temporaryFiles(destination)).toEqual([]);
          expect(rsyncDifferences(from, destination)).toEqual([]);
          rmSync(destination, { recursive: true });
        }
      };
      await Promise.all([lane('one', 1), lane('two', 2)]);
      console.log(`| kills | ${driver} | ${RUNS} runs | ${JSON.stringify(seen)} |`);
    },
  );
});

async function timeOf(from: string, destination: string, driver: Driver): Promise<number> {
  const began = performance.now();
  await copy([from, destination, '-j', '3'], { driver });
  rmSync(destination, { recursive: true });
  return performance.now() - began;
}

/** Says who was killed and how the command ended, and what is wrong with what it left. */
async function killSomewhere(
  expected: Expectation,
  driver: Driver,
  random: Random,
  lasts: number,
): Promise<{ ending: string; wrong: string[] }> {
  const { from, destination } = expected;
  const running = startMarked(destination, [from, destination, '-j', '3', '--batch', '8'], driver);
  await pause(random.next() * lasts);
  const family = familyOf(running.pid);
  const index = random.below(family.length);
  const hit = send(family[index] ?? 0, 'SIGKILL');
  const result = await running.done;
  await until(() => membersOf(destination).length === 0, 'the end of every process', 5_000);
  const ending = `${hit ? (index === 0 ? 'parent' : 'worker') : 'nobody'}: ${result.signal ?? `exit ${result.code}`}`;
  const wrong = result.signal === 'SIGKILL' ? halfFiles(expected) : judge(result, expected);
  return { ending, wrong: wrong.length === 0 ? [] : [...wrong, result.stderr] };
}
