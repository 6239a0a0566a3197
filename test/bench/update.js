// A second run over a copy that is up to date. Each contender has the copy that its own first run made.
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { checkCopy } from './check.js';
import { measure } from './command.js';
import { interleave } from './rounds.js';
import { footprint, requireSpace } from './workspace.js';

export async function updateScenario(row, bench) {
  const { signal, workspace } = bench;
  const tree = row.tree(bench.scale);
  const contenders = bench.contenders(row);
  requireSpace(workspace, footprint(tree) * (1 + contenders.length));
  const root = join(workspace, row.name);
  const source = join(root, 'source');
  const copy = ({ name }) => join(root, name.replace(/\W+/g, '-'));
  mkdirSync(root);
  try {
    await tree.make(source, signal);
    for (const contender of contenders) await measure(contender.argv(source, copy(contender)), { signal });
    const again = (contender) => measure(contender.argv(source, copy(contender), contender.ours && ['-u']), { signal });
    const result = await interleave(
      contenders.map((contender) => ({ ...contender, run: () => again(contender) })),
      {
        rounds: bench.rounds,
        deadline: bench.deadline,
        // The copy of pcopy must still be one; rsync's own second run has just shown that its is.
        after: () => checkCopy(source, copy(contenders[0]), { signal }),
        progress: bench.progress,
      },
    );
    return { ...result, tree: { files: tree.files, dirs: tree.dirs, bytes: tree.bytes } };
  } finally {
    await bench.discard(root);
  }
}
