// The usual scenario: the whole tree, into a destination that does not exist yet.
import { join } from 'node:path';
import { checkCopy } from './check.js';
import { measure } from './command.js';
import { watchMemory } from './memory.js';
import { makePlace } from './place.js';
import { interleave } from './rounds.js';

/** Measures `row` and resolves to what interleave does, with the `tree` as it was made. */
export async function copyScenario(row, bench) {
  const contenders = row.contenders ?? bench.contenders(row);
  const rounds = row.rounds ?? bench.rounds * (row.moreRounds ?? 1);
  const copies = { copies: contenders.length, rounds: rounds + 1 };
  const place = await makePlace(row, row.tree(bench.scale), copies, bench);
  try {
    const result = await interleave(
      contenders.map((contender) => ({ ...contender, run: (round) => copyOnce(contender, round, row, place, bench) })),
      {
        rounds,
        warmUp: row.warmUp,
        deadline: bench.deadline,
        before: () => place.open(),
        after: () => place.close(),
        progress: bench.progress,
      },
    );
    const { files, dirs, bytes, entries, parts } = place.tree;
    return { ...result, tree: parts ? { entries, bytes, parts } : { files, dirs, bytes } };
  } finally {
    await place.dispose();
  }
}

async function copyOnce({ name, argv, env, ours }, round, row, place, { signal }) {
  const copy = join(place.root, `${round}-${name.replace(/\W+/g, '-')}`);
  await place.settle();
  const watch = ours && row.watch ? watchMemory : undefined;
  const sample = await measure(argv(place.source, copy), { signal, env, watch, beside: row.beside });
  if (ours) await checkCopy(place.source, copy, { bytesOnly: row.bytesOnly, signal });
  await place.done(copy);
  return sample;
}
