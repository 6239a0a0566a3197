// What the defaults of -j and --batch are chosen by.
import { pcopy } from './competitors.js';
import { copyScenario } from './copy.js';
import { big, real, small } from './sources.js';
import { pairedRatio, typical } from './statistics.js';
import { markdown, notes, seconds } from './table.js';

const JOBS = [1, 2, 3, 4, 8];
const BATCHES = [16, 64, 128, 256, 1024];

/** One row for each tree; its contenders are pcopy with other options, the first with the defaults. */
export function jobsRows({ jobs }) {
  const variants = [
    { name: `-j ${jobs}`, argv: pcopy(jobs), ours: true },
    ...JOBS.filter((n) => n !== jobs).map((n) => ({ name: `-j ${n}`, argv: pcopy(n) })),
    ...BATCHES.map((batch) => ({
      name: `-j ${jobs} --batch ${batch}`,
      argv: (from, to) => pcopy(jobs)(from, to, ['--batch', String(batch)]),
    })),
  ];
  const contenders = variants.map((variant) => ({ ...variant, required: true }));
  return [
    { name: 'small', work: '50,000 files of ~6 KB', tree: small(50_000, 1_000, 6 * 1024), contenders },
    { name: 'big', work: 'one file of 2 GiB', tree: big(2 ** 31), bytesOnly: true, contenders },
    { name: 'medium', work: '1,000 files of ~512 KB', tree: small(1_000, 20, 2 ** 20 / 2), contenders },
    { name: 'real', work: 'a real tree', tree: real(57_000, 1.2e9), contenders },
  ];
}

export async function measureJobs(row, context) {
  const measured = await copyScenario(row, context);
  const [base] = row.contenders;
  const walls = (name) => measured.samples[name].map(({ wall }) => wall);
  const cells = row.contenders.map(({ name }) => ({
    name,
    wall: typical(measured.samples[name]),
    cpu: typical(measured.samples[name], 'CPU'),
    ratio: pairedRatio(walls(name), walls(base.name)),
  }));
  return { ...measured, cells };
}

/** A column for each tree, a line for each variant: wall time, its ratio to the first line, CPU time. */
export function printJobs(results) {
  const done = results.filter(({ cells }) => cells);
  const names = done[0]?.cells.map(({ name }) => name) ?? [];
  const lines = names.map((name, i) => [
    name,
    ...done.map(
      ({ cells }) => `${seconds(cells[i].wall)} (${cells[i].ratio.toFixed(2)}), CPU ${seconds(cells[i].cpu)}`,
    ),
  ]);
  return [markdown(['Options', ...done.map(({ work }) => work)], lines), ...results.flatMap(notes)].join('\n');
}
