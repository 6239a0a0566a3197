// From samples to the numbers a reader wants, and from those to a Markdown table.
import { metrics, pairedRatio, typical } from './statistics.js';

const isMemory = (metric) => metric.endsWith('memory');

/**
 * One comparison for each of the row's targets, then for what was measured without one:
 * `{ against, metric, ours, other, ratio, max, met }`, or with `missing`, the reason, in place of the numbers.
 */
export function compare(row, { samples, dropped }, missing) {
  const without = Object.keys(samples)
    .filter((name) => name !== 'pcopy' && !row.targets.some(({ against }) => against === name))
    .map((against) => ({ against }));
  const gone = Object.keys(dropped)
    .filter((name) => !row.targets.some(({ against }) => against === name))
    .map((against) => ({ against }));
  return [...row.targets, ...without, ...gone].map(({ against, metric = 'wall', max }) => {
    const head = { against, metric, max };
    const ours = typical(samples.pcopy, metric);
    if (!against) return { ...head, ours, met: ours <= max };
    if (!samples[against]) return { ...head, ours, missing: dropped[against] ?? missing[against] ?? 'not run' };
    const values = (name) => samples[name].map(metrics[metric]);
    const ratio = pairedRatio(values('pcopy'), values(against));
    return { ...head, ours, other: typical(samples[against], metric), ratio, met: max && ratio <= max };
  });
}

/** The table of all rows, and below it a line for everything that does not fit into it. */
export function targetTable(results) {
  const lines = results.flatMap(({ name, work, comparisons = [] }) =>
    comparisons
      .filter(({ missing }) => !missing)
      .map((comparison, i) => [i === 0 ? `${name}: ${work}` : '', ...cells(comparison)]),
  );
  const head = ['Work', 'Against', 'Measure', 'pcopy', 'Other', 'Ratio', 'Target', 'Met'];
  return [...(lines.length ? [markdown(head, lines)] : []), ...results.flatMap(notes)].join('\n');
}

/** What there is to say about one row: why it, or a part of it, is not in the table, and what it really was. */
export function notes({ name, tree, samples, comparisons, skipped, failed, rounds, wanted }) {
  if (skipped) return [`- ${name}: not run: ${skipped}`];
  if (failed) return [`- ${name}: FAILED: ${failed}`];
  const outlived = Math.max(0, ...(samples.pcopy ?? []).map((sample) => sample.outlived));
  return [
    tree.entries && `- ${name}: ${tree.entries} entries, ${(tree.bytes / 1e9).toFixed(2)} GB`,
    rounds < wanted && `- ${name}: ${rounds} of ${wanted} rounds, for lack of time`,
    outlived > 0 && `- ${name}: up to ${outlived} processes of pcopy ended after it (their CPU time is counted)`,
    ...(comparisons ?? []).map(({ against, missing }) => missing && `- ${name}, ${against}: ${missing}`),
  ].filter(Boolean);
}

function cells({ against, metric, ours, other, ratio, max, met }) {
  const show = metric === 'requests' ? (number) => number.toFixed(1) : seconds;
  const value = isMemory(metric) ? megabytes : show;
  const target = max === undefined ? '' : `<= ${isMemory(metric) ? megabytes(max) : max}`;
  return [
    against ?? '',
    metric,
    value(ours),
    other === undefined ? '' : value(other),
    ratio === undefined ? '' : ratio.toFixed(2),
    target,
    max === undefined ? '' : met ? 'yes' : 'NO',
  ];
}

/** A Markdown table, padded so that it can also be read as it is. */
export function markdown(head, lines) {
  const widths = head.map((title, i) => Math.max(3, title.length, ...lines.map((line) => line[i].length)));
  const show = (line) => `| ${line.map((cell, i) => cell.padEnd(widths[i])).join(' | ')} |`;
  return [show(head), `| ${widths.map((width) => '-'.repeat(width)).join(' | ')} |`, ...lines.map(show)].join('\n');
}

export function seconds(value) {
  return `${value.toFixed(value < 10 ? 3 : 1)} s`;
}

export function megabytes(value) {
  return `${(value / 1e6).toFixed(0)} MB`;
}
