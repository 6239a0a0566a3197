import fc from 'fast-check';
import { expect, test, vi } from 'vitest';
import type * as Package from '../../src/index.ts';
import type { CopyEvent, CopyOptions } from '../../src/index.ts';

import { type Driver, overBothDrivers, ROOT } from '../support/run.ts';
import { temp } from '../support/temp.ts';
import { type Entry, file, plant, symlink, type Tree } from '../support/tree.ts';

const { copyTree } = (await import(`${ROOT}/dist/index.js`)) as typeof Package;

/** Few names, so that source, destination, patterns and lists meet. */
const name = fc.constantFrom('a', 'b', 'c', 'd', 'x.log', 'y.log');
const path = fc.array(name, { minLength: 1, maxLength: 3 }).map((names) => names.join('/'));
const SECOND = 1_000_000_000n;
const entry: fc.Arbitrary<Entry> = fc.oneof(
  {
    weight: 6,
    arbitrary: fc
      .tuple(fc.constantFrom('', 'one', 'two', 'three'), fc.constantFrom(1n, 2n))
      .map(([content, time]) => file(content, { mtime: time * 1000n * SECOND })),
  },
  { weight: 2, arbitrary: fc.constantFrom('a', 'b/c', 'nowhere').map((target) => symlink(target)) },
  { weight: 1, arbitrary: fc.constant<Entry>({ type: 'directory' }) },
);
const entries = fc.array(fc.tuple(path, entry), { maxLength: 14 });
const ignore = fc.array(fc.constantFrom('a', '*.log', '/b', '!x.log', 'c/', 'd/**'), { minLength: 1, maxLength: 3 });

/** What is said first about a path counts, and nothing lies below what is no directory. */
function treeOf(list: readonly (readonly [string, Entry])[], links: readonly string[] = []): Tree {
  const tree: Tree = Object.create(null);
  for (const [at, what] of list) {
    const above = at.split('/').map((_, i, names) => names.slice(0, i).join('/'));
    const isBelow = above.some((up) => up in tree && tree[up]?.type !== 'directory');
    const isAbove = Object.keys(tree).some((other) => other.startsWith(`${at}/`));
    if (!(at in tree) && !isBelow && !isAbove) tree[at] = what;
  }
  const to = Object.keys(tree).find((at) => tree[at]?.type === 'file');
  for (const link of links) if (to !== undefined && !(link in tree)) tree[link] = { type: 'hardlink', to };
  return tree;
}

interface Case {
  source: Tree;
  destination: Tree | null;
  options: CopyOptions;
}

const sometimes = <T>(value: fc.Arbitrary<T>) =>
  fc.oneof({ weight: 3, arbitrary: fc.constant(undefined) }, { weight: 1, arbitrary: value });
/** What makes most runs fail. */
const seldom = fc.constantFrom(true, false, false, false, false, false);
const patterns = fc.array(fc.constantFrom('a', '**/*.log', 'b/**', '*/c', '**/d/', '{a,c}', 'nothing'), {
  minLength: 1,
  maxLength: 2,
});
const options: fc.Arbitrary<CopyOptions> = fc
  .record({
    update: fc.boolean(),
    checksum: fc.boolean(),
    ifExists: fc.constantFrom('replace', 'replace', 'skip', 'error', 'older'),
    delete: fc.constantFrom(true, true, false),
    maxDelete: sometimes(fc.nat(4)),
    include: sometimes(patterns),
    exclude: sometimes(patterns),
    gitignore: fc.boolean(),
    filesFrom: sometimes(fc.array(path, { maxLength: 8 })),
    dereference: seldom,
    strict: seldom,
  })
  .map(({ filesFrom, include, exclude, maxDelete, ...rest }) => ({
    ...rest,
    ...(filesFrom === undefined ? {} : { filesFrom, delete: false }),
    ...(include === undefined ? {} : { include }),
    ...(exclude === undefined ? {} : { exclude }),
    ...(maxDelete === undefined ? {} : { maxDelete }),
  }));

/** The destination is partly the source as it is, partly something else. */
const cases: fc.Arbitrary<Case> = fc
  .record({
    list: entries,
    ignored: sometimes(ignore),
    links: fc.array(fc.constantFrom('link', 'other'), { maxLength: 2 }),
    kept: fc.array(fc.boolean(), { minLength: 14, maxLength: 14 }),
    extra: entries,
    exists: fc.constantFrom(true, true, true, false),
    options,
  })
  .map(({ list, ignored, links, kept, extra, exists, options }) => {
    const rules = ignored === undefined ? [] : [['.gitignore', file(ignored.join('\n'))] as const];
    const source = treeOf([...rules, ...list], links);
    const same = list.filter((_, i) => kept[i]);
    return { source, destination: exists ? treeOf([...same, ...extra]) : null, options };
  });

/** What a run did, or would do: everything it tells but the times. */
async function told(from: string, to: string, options: CopyOptions): Promise<string[]> {
  const lines: string[] = [];
  const onEvent = (event: CopyEvent) => void lines.push(...words(event));
  const run = await copyTree(from, to, { ...options, jobs: 1, entries: true }, { onEvent });
  // What cannot be preserved shows when it is tried; with `strict` that is a failure.
  const outcome = Object.keys(run.notPreserved).length > 0 && run.totals.failed === 0 ? 'complete' : run.outcome;
  return [...lines.sort(), outcome, JSON.stringify(run.totals)];
}

function words(event: CopyEvent): string[] {
  switch (event.type) {
    case 'file':
      return [`${event.action} ${event.kind} ${event.path} ${event.bytes}`];
    case 'error':
      return [`failed ${event.failure.path}: ${event.failure.action} ${event.failure.code}`];
    case 'skip':
      return [`skipped ${event.path}`];
    case 'warn':
      return [`warned ${event.path}: ${event.code}`];
    default:
      return [];
  }
}

const RUNS: Record<Driver, number> = { libc: 100, node: 25 };

overBothDrivers((driver) => {
  test(`${RUNS[driver]} generated trees: a dry run tells what the real run then does`, async () => {
    vi.stubEnv('PCOPY_DRIVER', driver);
    await fc.assert(
      fc.asyncProperty(cases, async ({ source, destination, options }) => {
        const top = temp();
        plant(`${top}/src`, source);
        if (destination !== null) plant(`${top}/dst`, destination);
        const dry = await told(`${top}/src`, `${top}/dst`, { ...options, dryRun: true });
        const real = await told(`${top}/src`, `${top}/dst`, options);
        expect(dry).toEqual(real);
      }),
      { numRuns: RUNS[driver], seed: 79, endOnFailure: true },
    );
  });
});

overBothDrivers((driver) => {
  test.each<[what: string, source: string, tree: Tree]>([
    ['an entry that would land on the source', 'dst/src', { 'dst/src/src/a': file('a'), 'dst/src/src/d/b': file('b') }],
    [
      'a directory that a killed run left unfinished',
      'src',
      { 'src/d/a': file('a'), 'src/d/e/b': file('b'), 'dst/d': { type: 'directory', mode: 0o1700 } },
    ],
    ['a link where a directory should be', 'src', { 'src/d/a': file('a'), 'src/d/e': file(), 'dst/d': symlink('..') }],
  ])('%s is told by a dry run as by the real one', async (_what, source, tree) => {
    vi.stubEnv('PCOPY_DRIVER', driver);
    const top = temp();
    plant(top, tree);
    const dry = await told(`${top}/${source}`, `${top}/dst`, { dryRun: true });
    expect(dry).toEqual(await told(`${top}/${source}`, `${top}/dst`, {}));
  });
});
