// The default mode: the rows of the target table.
import { coordinatorScenario } from './coordinator.js';
import { copyScenario } from './copy.js';
import { machinesScenario } from './machines.js';
import { rows } from './rows.js';
import { slowScenario } from './slow.js';
import { compare } from './table.js';
import { tailScenario } from './tail.js';
import { updateScenario } from './update.js';

const scenarios = {
  copy: copyScenario,
  update: updateScenario,
  tail: tailScenario,
  slow: slowScenario,
  coordinator: coordinatorScenario,
  machines: machinesScenario,
};

/** The rows that the options select; those on images that were not asked for are skipped with a reason. */
export function selectRows(options) {
  const selected = options.only.length ? rows.filter((row) => isNamed(row, options.only)) : rows;
  const wantsAll = options.only.length > 0;
  return selected.map((row) => {
    if (row.fileSystem && !options.loop && !wantsAll)
      return { ...row, skipped: `lies on a ${row.fileSystem} image, which takes --loop` };
    if (row.group === 'slow' && !wantsAll) return { ...row, skipped: 'lies on slow storage, which takes --only slow' };
    if (row.group === 'coordinator' && !wantsAll) return { ...row, skipped: 'takes minutes, and --only coordinator' };
    if (row.group === 'machines' && !wantsAll) return { ...row, skipped: 'takes --only machines' };
    return row;
  });
}

/** Whether `--only` means the row: by its name or by that of its group. */
export function isNamed({ name, group }, only) {
  return only.includes(name) || only.includes(group);
}

/** Measures one row. */
export async function measureRow(row, context) {
  const measured = await scenarios[row.scenario](row, context);
  const comparisons = compare(row, measured, context.missing);
  const wanted = row.rounds ?? context.rounds * (row.moreRounds ?? 1);
  return { ...measured, wanted, comparisons };
}
