// The end of a run: a big file that the listing reaches last must not leave one worker busy and the others idle.
import { mkdirSync, mkdtempSync, opendirSync, renameSync } from 'node:fs';
import { join } from 'node:path';
import { checkCopy } from './check.js';
import { measure } from './command.js';
import { warmMemory } from './memory.js';
import { interleave } from './rounds.js';
import { flush, footprint, requireSpace } from './workspace.js';

const BIG = 'big.bin';
// The directory that holds all the others: a sibling of it would be listed before its directories are.
const GROUP = 'group-0';
export const FIRST = '00-big';
export const LAST = 'zz-big';

export async function tailScenario(row, bench) {
  const { signal, workspace } = bench;
  const tree = row.tree(bench.scale);
  const big = row.big(bench.scale);
  const bytes = footprint(tree) + big.bytes;
  const copies = bench.keepsCopies ? 2 * (bench.rounds + 1) : 1;
  requireSpace(workspace, footprint(tree) * 2 + big.bytes + bytes * copies);
  const root = join(workspace, row.name);
  mkdirSync(root);
  try {
    const last = await makeTree(join(root, 'last'), LAST, tree, signal);
    const first = await makeTree(join(root, 'first'), FIRST, tree, signal);
    await big.make(root, signal);
    const bigFile = moved(join(root, BIG));
    const run = async ({ dir, holder }, round) => {
      const source = join(root, dir);
      const copy = join(root, `${round}-${dir}-copy`);
      bigFile.to(join(source, GROUP, holder, BIG));
      await flush(root);
      await warmMemory(bytes, signal);
      const sample = await measure(bench.pcopy(source, copy), { signal });
      await checkCopy(source, copy, { bytesOnly: true, signal });
      await bench.discard(copy);
      return sample;
    };
    const result = await interleave(
      [
        { name: 'pcopy', required: true, run: (round) => run({ dir: 'last', holder: LAST }, round) },
        { name: 'listed first', required: true, run: (round) => run({ dir: 'first', holder: FIRST }, round) },
      ],
      { rounds: bench.rounds, deadline: bench.deadline, progress: bench.progress },
    );
    return { ...result, tree: { files: tree.files + 1, bytes: tree.bytes + big.bytes, readdir: { last, first } } };
  } finally {
    await bench.discard(root);
  }
}

/**
 * The small files and an empty directory `holder` for the big one, which comes first or last by name, and also in the
 * order in which the file system lists, as far as that depends on the order of creation (on tmpfs it does; libuv sorts
 * by name in readdir and not in opendir). Returns the place that it has got, as "1 of 101".
 */
export async function makeTree(root, holder, tree, signal) {
  const parent = join(root, GROUP);
  mkdirSync(parent, { recursive: true });
  const makeEarly = listsNewestFirst(root) !== (holder === FIRST);
  if (makeEarly) mkdirSync(join(parent, holder));
  await tree.make(root, signal);
  if (!makeEarly) mkdirSync(join(parent, holder));
  const names = rawNames(parent);
  return `${names.indexOf(holder) + 1} of ${names.length}`;
}

function listsNewestFirst(root) {
  const probe = mkdtempSync(`${root}-probe-`);
  mkdirSync(join(probe, 'm'));
  mkdirSync(join(probe, 'n'));
  return rawNames(probe)[0] === 'n';
}

function rawNames(path) {
  const dir = opendirSync(path);
  const names = [];
  for (let entry = dir.readSync(); entry; entry = dir.readSync()) names.push(entry.name);
  dir.closeSync();
  return names;
}

/** Moves the big file that was made in `root` to where it is to be found in `source`. */
export function placeBig(root, source, holder) {
  renameSync(join(root, BIG), join(source, GROUP, holder, BIG));
}

// One big file for both trees: half the memory, and no hard link that pcopy would have to look after.
function moved(path) {
  let at = path;
  return {
    to(next) {
      if (next !== at) renameSync(at, next);
      at = next;
    },
  };
}
