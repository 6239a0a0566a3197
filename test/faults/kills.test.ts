import { rmSync } from 'node:fs';
import { expect } from 'vitest';
import { survey } from '../support/compare.ts';
import { needs } from '../support/needs.ts';
import { Random } from '../support/random.ts';
import { rsyncDifferences } from '../support/rsync.ts';
import { copy, type Driver, overBothDrivers, until } from '../support/run.ts';
import { temp } from '../support/temp.ts';
import { file, plant, symlink, type Tree } from '../support/tree.ts';
import { FULL } from './support/matrix.ts';
import { familyOf, membersOf, pause, send, startMarked } from './support/moment.ts';
import { busyTree, plantSource } from './support/scene.ts';
import { type Expectation, halfFiles, judge, lostFiles } from './support/verdict.ts';

/** For each driver. `FAULTS=full`: the thousand that the promise was tried with. */
const RUNS = FULL ? 500 : 10;

/** Who dies: the command, one of its workers, or all of them at once. */
const VICTIMS = ['parent', 'worker', 'both'] as const;

const OPTIONS: readonly (readonly string[])[] = [
  [],
  ['-a', '-u', '--delete'],
  ['--no-atomic'],
  ['--verify'],
  ['-u', '--checksum'],
  ['--delete'],
  ['--fsync'],
  ['-a'],
  ['--manifest', 'sums'],
  ['--sparse', 'always', '--reflink', 'never', '--chunk-size', '1M'],
  ['-u', '-j', '1'],
  ['--bwlimit', '200M'],
  ['-L', '--exclude', '**/link'],
];

/** What is there before every other run: something to replace, something to keep or to delete. */
function oldTree(source: Tree): Tree {
  const directories = ['', 'd0', 'd0/e0', 'd3', 'd4'].map((path) => [path, source[path]] as const);
  const old = file('old content');
  return {
    ...(Object.fromEntries(directories) as Tree),
    'd0/e0/f0': old,
    'd4/huge': old,
    'd3/link': symlink('elsewhere'),
    kept: old,
    'gone/deep/file': old,
  };
}

overBothDrivers((driver) => {
  needs('rsync', 'python3')(
    `SIGKILL at ${RUNS} random moments, whatever the options: whole files, nothing lost, no orphan, and the next run completes`,
    { timeout: 3_600_000 },
    async () => {
      const top = temp();
      const tree = busyTree();
      const source = plantSource(`${top}/src`, tree);
      // Of an archive the node driver says that it cannot keep everything.
      const sets = OPTIONS.map((set) => set.filter((option) => driver === 'libc' || option !== '-a'));
      const lasts = new Map<readonly string[], number>();
      const seen: Record<string, number> = {};
      const lane = async (name: string, seed: number): Promise<void> => {
        const random = new Random(seed);
        for (let run = 0; run < RUNS / 2; run++) {
          const options = sets[(2 * run + seed) % sets.length] ?? [];
          const place: Place = { top, name, driver, options };
          const destination = `${top}/${name}`;
          const hasOld = random.below(2) === 1;
          if (hasOld) plant(destination, oldTree(tree));
          const expected: Expectation = {
            source: without(source, options),
            before: hasOld ? without(survey(destination), options) : new Map(),
            from: `${top}/src`,
            destination,
            deletes: options.includes('--delete'),
            inPlace: options.includes('--no-atomic'),
          };
          const victim = VICTIMS[random.below(VICTIMS.length)] ?? 'both';
          const moment = random.next() * (lasts.get(options) ?? 800);
          const { ending, wrong } = await killSomewhere(expected, place, victim, moment, random);
          seen[ending] = (seen[ending] ?? 0) + 1;
          const what = `seed ${seed}, run ${run}, ${options.join(' ')}, ${hasOld ? 'old, ' : ''}${ending}`;
          expect(wrong, what).toEqual([]);
          const began = performance.now();
          const next = await copy(argumentsOf(place), { driver });
          lasts.set(options, performance.now() - began);
          expect(judge(next, expected), what).toEqual([]);
          const left = rsyncDifferences(expected.from, destination).filter((line) => !isKept(line, expected));
          expect(left, what).toEqual([]);
          rmSync(destination, { recursive: true });
        }
      };
      await Promise.all([lane('one', 0), lane('two', 1)]);
      console.log(`| kills | ${driver} | ${RUNS} runs | ${JSON.stringify(seen)} |`);
    },
  );
});

interface Place {
  top: string;
  name: string;
  driver: Driver;
  options: readonly string[];
}

function argumentsOf({ top, name, options }: Place): string[] {
  const own = options.map((option) => (option === 'sums' ? `${top}/${name}.sums` : option));
  return [`${top}/src`, `${top}/${name}`, '-j', '3', '--batch', '8', ...own];
}

// What is excluded stays as it is.
function without<T>(items: Map<string, T>, options: readonly string[]): Map<string, T> {
  return new Map([...items].filter(([path]) => !(options.includes('-L') && path.endsWith('link'))));
}

// What the run was not to touch: rsync would delete it, or copy what was excluded.
function isKept(line: string, { source, deletes }: Expectation): boolean {
  return (line.startsWith('*deleting') && !deletes) || (!source.has('d3/link') && line.includes('d3/link'));
}

/** Says who was killed and how the command ended, and what is wrong with what it left. */
async function killSomewhere(
  expected: Expectation,
  place: Place,
  victim: (typeof VICTIMS)[number],
  moment: number,
  random: Random,
): Promise<{ ending: string; wrong: string[] }> {
  const { destination } = expected;
  const running = startMarked(destination, argumentsOf(place), place.driver);
  await pause(moment);
  const [parent = 0, ...workers] = familyOf(running.pid);
  const worker = workers[random.below(Math.max(1, workers.length))] ?? parent;
  const victims = { parent: [parent], worker: [worker], both: [parent, ...workers] }[victim];
  const hit = victims.filter((pid) => send(pid, 'SIGKILL')).length > 0;
  const result = await running.done;
  await until(() => membersOf(destination).length === 0, 'the end of every process', 5_000);
  const ending = `${hit ? victim : 'nobody'}: ${result.signal ?? `exit ${result.code}`}`;
  const wrong =
    result.signal === 'SIGKILL' ? [...halfFiles(expected), ...lostFiles(expected)] : judge(result, expected);
  return { ending, wrong: wrong.length === 0 ? [] : [...wrong, result.stderr] };
}
