// How true the ETA is: each estimate of a real run beside the time that then really remained. The runs are slowed down, by a
// rate or by tiny chunks, so that they last 10 to 20 seconds: one a second is told.
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { CommandFailed, tool } from './command.js';
import { pcopy } from './competitors.js';
import { big, small } from './sources.js';
import { markdown } from './table.js';
import { FIRST, LAST, makeTree, placeBig } from './tail.js';
import { footprint, requireSpace } from './workspace.js';

const MIB = 2 ** 20;
/** From this share of the run on ... */
const FROM = 1 / 3;
/** ... an estimate may be wrong by so much of what remains, ... */
const TOLERANCE = 0.25;
/** ... or by so many seconds: what is shown is whole seconds. */
const GRAIN = 1;
const MOMENTS = [1 / 3, 1 / 2, 2 / 3, 5 / 6];

const slow = {
  rate: { options: ['--bwlimit', '25M'], work: '--bwlimit 25M' },
  chunks: { options: ['--chunk-size', '64', '--batch', '1', '--reflink', 'never'], work: 'chunks of 64 bytes' },
};

/** Both orders, three numbers of workers, both ways to be slow. */
export function etaRows() {
  return Object.entries(slow).flatMap(([by, { options, work }]) =>
    ['last', 'first'].flatMap((order) =>
      [1, 2, 4].map((jobs) => ({
        name: `${by}-${order}-${jobs}`,
        work: `30,000 files of ~6 KB, one of 128 MiB listed ${order}, -j ${jobs}, ${work}`,
        tree: small(30_000, 300, 6 * 1024),
        big: big(128 * MIB),
        order,
        jobs,
        options,
      })),
    ),
  );
}

/** One run of one row. */
export async function measureEta(row, { scale, workspace, signal, discard, progress }) {
  const tree = row.tree(scale);
  const bigFile = row.big(scale);
  requireSpace(workspace, 2 * (footprint(tree) + bigFile.bytes));
  const root = join(workspace, row.name);
  mkdirSync(root);
  try {
    const source = join(root, 'source');
    const holder = row.order === 'first' ? FIRST : LAST;
    const place = await makeTree(source, holder, tree, signal);
    await bigFile.make(root, signal);
    placeBig(root, source, holder);
    progress(1, 1);
    const argv = pcopy(row.jobs)(source, join(root, 'copy'), ['--progress', 'json', ...row.options]);
    const events = (await tool(argv, { signal }))
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line));
    return { place, ...judge(events) };
  } finally {
    await discard(root);
  }
}

/** Every estimate with what really remained, and the worst from the first third of the run on. Seconds. */
export function judge(events) {
  const end = events.at(-1);
  if (end.type !== 'end' || end.exitCode !== 0) throw new CommandFailed('the run did not succeed');
  const total = end.elapsedMs / 1000;
  const points = events
    .filter(({ type, percent }) => type === 'progress' && percent !== 100)
    .map(({ elapsedMs, etaMs }) => {
      const left = (end.elapsedMs - elapsedMs) / 1000;
      return { at: elapsedMs / 1000, left, eta: etaMs === null ? null : etaMs / 1000 };
    });
  const late = points.filter(({ at }) => at >= total * FROM);
  const worst = late.reduce((a, b) => (badness(b) > badness(a) ? b : a), late[0]);
  return { total, points, worst, met: worst !== undefined && badness(worst) <= 1 };
}

/** How wrong, 1 being the most that is allowed. No estimate at all is no use. */
function badness({ left, eta }) {
  return eta === null ? Number.POSITIVE_INFINITY : Math.abs(eta - left) / Math.max(TOLERANCE * left, GRAIN);
}

export function printEta(results) {
  const head = ['Run', 'Took', ...MOMENTS.map((share) => `at ${Math.round(share * 100)} %`), 'Worst', 'Met'];
  const lines = results
    .filter(({ points }) => points)
    .map(({ name, total, points, worst, met }) => [
      name,
      `${total.toFixed(1)} s`,
      ...MOMENTS.map((share) => said(points.find(({ at }) => at >= share * total))),
      `${said(worst)} at ${worst?.at.toFixed(1)} s`,
      met ? 'yes' : 'NO',
    ]);
  const rule = `ETA / what remained, in seconds. Met: from a third of the run on within ${TOLERANCE * 100} % or ${GRAIN} s.`;
  const others = results
    .filter(({ points }) => !points)
    .map(({ name, skipped, failed }) => `- ${name}: ${skipped ?? failed}`);
  return [...(lines.length ? [markdown(head, lines), '', rule] : []), ...others].join('\n');
}

function said(point) {
  return point === undefined ? '' : `${point.eta?.toFixed(1) ?? '?'} / ${point.left.toFixed(1)}`;
}
