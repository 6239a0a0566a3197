// Copies from and to storage that answers late, with their requests counted. Both sides are mounted anew for each run, as a machine
// sees them that has just come: nothing is known of them.
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { checkCopy } from './check.js';
import { measure, tool } from './command.js';
import { competitors, pcopy } from './competitors.js';
import { interleave } from './rounds.js';
import { buildSlowfs, mountSlow } from './slowfs.js';
import { footprint, requireSpace } from './workspace.js';

/** Workers, as peers call them. */
const WIDE = 16;

/** What a peer is told to do the same work; the destination has what `prepare` has put there. */
const tasks = {
  copy: { prepare: async () => {}, options: [], rclone: 'copy', rsync: [] },
  update: { prepare: sameCopy, options: ['-u'], rclone: 'copy', rsync: [] },
  delete: { prepare: copyAndMore, options: ['-u', '--delete'], rclone: 'sync', rsync: ['--delete'] },
};

export async function slowScenario(row, bench) {
  const { signal, workspace } = bench;
  const program = await buildSlowfs(workspace, signal);
  const tree = row.tree(bench.scale);
  requireSpace(workspace, 4 * footprint(tree));
  const root = join(workspace, row.name);
  const place = { program, root, source: join(root, 'source'), spare: join(root, 'spare'), delay: row.delay };
  mkdirSync(root);
  try {
    await tree.make(row.task === 'delete' ? place.spare : place.source, signal);
    mkdirSync(place.source, { recursive: true });
    const contenders = (row.contenders?.(bench) ?? slowContenders(row, bench))
      .filter(({ argv }) => argv)
      .map((contender) => ({
        ...contender,
        run: (round) => runOnce(contender, round, row, { place, bench }),
      }));
    const { deadline, progress } = bench;
    const rounds = row.rounds ?? bench.rounds;
    const result = await interleave(contenders, { rounds, warmUp: false, deadline, progress });
    for (const sample of Object.values(result.samples).flat()) sample.entries = tree.files + tree.dirs;
    return { ...result, tree: { files: tree.files, dirs: tree.dirs, bytes: tree.bytes } };
  } finally {
    await bench.discard(root);
  }
}

function slowContenders(row, bench) {
  const { options, rclone, rsync } = tasks[row.task];
  const others = competitors(WIDE, bench.workspace);
  const all = [
    ours('pcopy', WIDE, [...(row.options ?? ['-q']), ...options]),
    ...(row.narrow ? [ours('-j 2', 2, ['-q', ...options])] : []),
    rcloneCopy(WIDE, bench.workspace, rclone),
    // It takes fifteen times as long: once is enough to see that.
    {
      ...others['rsync -a'],
      name: 'rsync -a',
      argv: (from, to) => ['rsync', '-a', ...rsync, `${from}/`, to],
      rounds: 1,
    },
  ];
  const wanted = new Set([...row.targets.map(({ against }) => against), ...(row.also ?? [])]);
  return all.filter(({ name, argv, missing }) => name === 'pcopy' || (argv && !missing && wanted.has(name)));
}

/** rclone with so many files in flight, or `{ missing }`. */
export function rcloneCopy(jobs, scratch, command = 'copy') {
  const found = competitors(jobs, scratch)['rclone copy'];
  const wide = ['--links', '--transfers', String(jobs), '--checkers', String(jobs)];
  return { ...found, name: 'rclone copy', argv: found.argv && ((from, to) => ['rclone', command, ...wide, from, to]) };
}

/** pcopy with so many workers, or `auto`. */
export function ours(name, jobs, options = ['-q']) {
  return { name, required: true, ours: true, argv: (from, to) => pcopy(jobs)(from, to, options) };
}

async function runOnce({ name, argv, env, ours: isOurs }, round, { task }, { place, bench }) {
  const { program, root, source, delay } = place;
  const { signal } = bench;
  const shown = join(root, `${round}-${name.replace(/\W+/g, '-')}`);
  mkdirSync(shown);
  await tasks[task].prepare(place, join(shown, 'copy'), signal);
  const sides = [];
  try {
    sides.push(await mountSlow(program, { shown: source, at: join(root, 'from'), delay }));
    sides.push(await mountSlow(program, { shown, at: join(root, 'to'), delay }));
    const beside = sides.map(({ pid }) => pid);
    const sample = await measure(argv(join(root, 'from'), join(root, 'to', 'copy')), { signal, env, beside });
    for (const { unmount } of sides) sample.requests = (sample.requests ?? 0) + (await unmount());
    sides.length = 0;
    if (isOurs) await checkCopy(source, join(shown, 'copy'), { signal });
    return sample;
  } finally {
    for (const { unmount } of sides) await unmount();
    await bench.discard(shown);
  }
}

async function sameCopy({ source }, copy, signal) {
  await tool(['cp', '-a', source, copy], { signal });
}

// The source is empty, the destination has the tree.
async function copyAndMore({ source, spare }, copy, signal) {
  await tool(['cp', '-a', spare, copy], { signal });
  await tool(['touch', '-r', source, copy], { signal });
}
