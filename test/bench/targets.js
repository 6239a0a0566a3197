// The default mode: the rows of the target table.
import { copyScenario } from './copy.js';
import { rows } from './rows.js';
import { compare } from './table.js';
import { tailScenario } from './tail.js';
import { updateScenario } from './update.js';

const scenarios = { copy: copyScenario, update: updateScenario, tail: tailScenario };

/** The rows that the options select; those on images that were not asked for are skipped with a reason. */
export function selectRows(options) {
  const selected = options.only.length ? rows.filter(({ name }) => options.only.includes(name)) : rows;
  const wantsImages = options.loop || options.only.length > 0;
  return selected.map((row) =>
    row.fileSystem && !wantsImages ? { ...row, skipped: `lies on a ${row.fileSystem} image, which takes --loop` } : row,
  );
}

/** Measures one row. */
export async function measureRow(row, context) {
  const measured = await scenarios[row.scenario](row, context);
  const comparisons = compare(row, measured, context.missing);
  const wanted = row.rounds ?? context.rounds * (row.moreRounds ?? 1);
  return { ...measured, wanted, comparisons };
}
