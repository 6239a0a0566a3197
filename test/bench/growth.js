// How cost grows: with the number of files, with depth, with size. Peaks of memory come from the same runs.
import { copyScenario } from './copy.js';
import { big, small } from './sources.js';
import { pairedRatio, typical } from './statistics.js';
import { markdown, megabytes, notes, seconds } from './table.js';

const MB = 1e6;
const MOST_ROUNDS = 3;
const FILES_PER_DIR = 50;

/** One row for each point of the three curves. */
export function growthRows() {
  const files = [10_000, 100_000, 1_000_000].map((count) => ({
    name: `${count / 1000}k files`,
    work: `${count.toLocaleString('en')} files of ~1 KB in ${(count / FILES_PER_DIR).toLocaleString('en')} directories`,
    tree: small(count, count / FILES_PER_DIR, 1024),
  }));
  const depths = [1, 10, 100].map((depth) => ({
    name: `depth ${depth}`,
    work: `10,000 files of ~1 KB in 1,000 directories, ${depth} deep`,
    tree: small(10_000, 1_000, 1024, depth),
  }));
  const sizes = [1 * MB, 16 * MB, 256 * MB, 1024 * MB, 8192 * MB].map((bytes) => ({
    name: `${bytes / MB} MB`,
    work: `one file of ${(bytes / MB).toLocaleString('en')} MB`,
    tree: big(bytes),
    bytesOnly: true,
  }));
  const common = { targets: [{ against: 'cp -a' }], watch: true };
  return [...files, ...depths, ...sizes].map((row) => ({ ...row, ...common }));
}

export async function measureGrowth(row, context) {
  const measured = await copyScenario({ ...row, rounds: Math.min(context.rounds, MOST_ROUNDS) }, context);
  const { pcopy, 'cp -a': cp } = measured.samples;
  const walls = (samples) => samples.map(({ wall }) => wall);
  return {
    ...measured,
    wall: typical(pcopy),
    cp: cp && typical(cp),
    ratio: cp && pairedRatio(walls(pcopy), walls(cp)),
    parent: typical(pcopy, 'parent memory'),
    worker: typical(pcopy, 'worker memory'),
  };
}

export function printGrowth(results) {
  const head = ['Work', 'pcopy', 'A unit', 'cp -a', 'Ratio', 'Parent', 'Worker'];
  const lines = results
    .filter(({ wall }) => wall)
    .map(({ work, tree, wall, cp, ratio, parent, worker }) => [
      work,
      seconds(wall),
      tree.files > 1
        ? `${((wall * 1e6) / tree.files).toFixed(1)} µs/file`
        : `${(tree.bytes / wall / 1e9).toFixed(2)} GB/s`,
      cp ? seconds(cp) : '',
      ratio ? ratio.toFixed(2) : '',
      megabytes(parent),
      megabytes(worker),
    ]);
  return [markdown(head, lines), ...results.flatMap(notes)].join('\n');
}
