import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { EntriesJob } from '../../src/protocol/jobs.ts';
import { CompleteDirectories } from '../../src/schedule/complete-directories.ts';

/** Of each directory the files, and the directories in it. */
const around = (inside: fc.Arbitrary<Tree>): fc.Arbitrary<Tree> =>
  fc.record({ files: fc.nat(3), inside: fc.array(inside, { maxLength: 3 }) });
const trees = around(around(around(around(fc.constant({ files: 0, inside: [] })))));

interface Tree {
  files: number;
  inside: Tree[];
}

/** What a listing that is depth first hands on, in jobs of a few entries. */
function jobsOf(top: Tree, perJob: number): EntriesJob[] {
  const entries: { dir: string; name: string; type: string }[] = [];
  const list = (dir: string, { files, inside }: Tree): void => {
    for (let i = 0; i < files; i++) entries.push({ dir, name: `f${i}`, type: 'f' });
    for (const i of inside.keys()) entries.push({ dir, name: `d${i}`, type: 'd' });
    for (const [i, tree] of [...inside.entries()].reverse()) list(dir === '' ? `d${i}` : `${dir}/d${i}`, tree);
  };
  list('', top);
  const jobs: EntriesJob[] = [];
  for (let at = 0; at < entries.length; at += perJob) {
    const groups: EntriesJob['groups'] = [];
    for (const { dir, name, type } of entries.slice(at, at + perJob)) {
      const last = groups.at(-1);
      if (last?.dir === dir) Object.assign(last, { names: `${last.names}/${name}`, types: last.types + type });
      else groups.push({ dir, names: name, types: type });
    }
    jobs.push({ kind: 'entries', groups });
  }
  return jobs;
}

test('a directory is taken once, and not before all below it is done, in whatever order the jobs end', () => {
  fc.assert(
    fc.property(trees, fc.integer({ min: 1, max: 6 }), fc.infiniteStream(fc.nat()), (tree, perJob, random) => {
      const complete = new CompleteDirectories();
      const jobs = jobsOf(tree, perJob);
      const pathsOf = ({ groups }: EntriesJob): { path: string; type: string }[] =>
        groups.flatMap(({ dir, names, types }) =>
          names.split('/').map((name, i) => ({ path: dir === '' ? name : `${dir}/${name}`, type: types[i] ?? '' })),
        );
      const outstanding = new Set(jobs.flatMap((job) => pathsOf(job).map(({ path }) => path)));
      const taken = new Set<string>();
      const underWay: { number: number; job: EntriesJob }[] = [];
      const check = (): void => {
        for (const path of complete.take()) {
          expect(taken.has(path)).toBe(false);
          taken.add(path);
          for (const other of outstanding) expect(other === path || other.startsWith(`${path}/`)).toBe(false);
        }
      };
      const endOne = (): void => {
        const [one] = underWay.splice(random.next().value % underWay.length, 1);
        if (one === undefined) return;
        // Whoever works in a directory tells of it too.
        for (const { dir } of one.job.groups) if (dir !== '') complete.wasMade(dir);
        for (const { path, type } of pathsOf(one.job)) {
          outstanding.delete(path);
          if (type === 'd') complete.wasMade(path);
        }
        complete.end(one.number);
        check();
      };
      for (const job of jobs) {
        const number = complete.listed(job);
        complete.begin(number);
        underWay.push({ number, job });
        if (random.next().value % 2 === 0) endOne();
      }
      while (underWay.length > 0) endOne();
    }),
  );
});

test('empty directories are taken with the one that they lie in', () => {
  const complete = new CompleteDirectories();
  const give = (dir: string, names: string, types: string): void => {
    const number = complete.listed({ kind: 'entries', groups: [{ dir, names, types }] });
    complete.begin(number);
    complete.end(number);
  };
  give('', 'a/b', 'dd');
  for (const path of ['a', 'b', 'b/empty']) complete.wasMade(path);
  give('b', 'empty', 'd');
  expect(complete.take()).toEqual([]);
  give('a', 'f', 'f');
  expect(complete.take()).toEqual(['b/empty', 'b']);
  expect(complete.take()).toEqual([]);
});
