// What the parent alone can do, and what it holds: it lists a tree and schedules it, for an executor that answers at once. The tree has
// one file under so many names, which takes little memory, since nobody looks at more than names.
import { closeSync, linkSync, mkdirSync, openSync, unlinkSync } from 'node:fs';
import { join } from 'node:path';
import { setImmediate as turn } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { measure, tool } from './command.js';
import { watchMemory } from './memory.js';
import { interleave } from './rounds.js';
import { scaled } from './sources.js';
import { NotHere, requireSpace } from './workspace.js';

const RUN = fileURLToPath(new URL('coordinator-run.js', import.meta.url));
const FILES_PER_DIR = 100;
const DIRS_PER_GROUP = 100;
/** Of the kernel, for a name. */
const NAME_BYTES = 250;

export async function coordinatorScenario(row, bench) {
  if (process.getuid?.() !== 0) throw new NotHere('needs root, for a tmpfs with enough inodes');
  const { signal, workspace } = bench;
  const files = scaled(row.files, bench.scale);
  requireSpace(workspace, files * NAME_BYTES);
  const root = join(workspace, row.name);
  mkdirSync(root);
  await tool(['mount', '-t', 'tmpfs', '-o', 'nr_inodes=0', 'tmpfs', root], { signal });
  try {
    const source = join(root, 'source');
    const dirs = await makeNames(source, files, signal);
    const run = (round) => {
      const argv = [process.execPath, RUN, source, join(root, `copy-${round}`)];
      return measure(argv, { signal, watch: watchMemory });
    };
    const result = await interleave([{ name: 'pcopy', required: true, run }], {
      rounds: bench.rounds,
      warmUp: false,
      deadline: bench.deadline,
      progress: bench.progress,
    });
    for (const sample of result.samples.pcopy) sample.entries = files + dirs;
    return { ...result, tree: { files, dirs, bytes: 0 } };
  } finally {
    await tool(['umount', root]);
  }
}

async function makeNames(root, files, signal) {
  mkdirSync(root);
  const one = join(root, 'one');
  closeSync(openSync(one, 'w'));
  let dirs = 0;
  for (let made = 0; made < files; dirs++) {
    const dir = join(root, `group-${Math.floor(dirs / DIRS_PER_GROUP)}`, `dir-${dirs}`);
    mkdirSync(dir, { recursive: true });
    for (const end = Math.min(files, made + FILES_PER_DIR); made < end; made++)
      linkSync(one, `${dir}/file-${made}.dat`);
    await turn();
    signal.throwIfAborted();
  }
  unlinkSync(one);
  return dirs + Math.ceil(dirs / DIRS_PER_GROUP);
}
