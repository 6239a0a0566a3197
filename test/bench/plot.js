// The picture of the README: what workers are worth where storage answers late, and common trees beside the peers.
import { writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { copyScenario } from './copy.js';
import { ours, rcloneCopy, slowScenario } from './slow.js';
import { real, small } from './sources.js';
import { typical } from './statistics.js';
import { performanceSvg } from './svg.js';
import { markdown, notes, seconds } from './table.js';

const PICTURE = fileURLToPath(new URL('../../.github/performance.svg', import.meta.url));
const WORKERS = [1, 2, 4, 8, 16, 32];
const AUTO = 'pcopy -j auto';
const also = ['cp -a', 'rsync -a', 'rclone copy', 'fs.cpSync'];

const nameOf = (program, workers) => `${program}, ${workers}`;

/** One row for the curve, one for each group of bars. */
export function plotRows() {
  return [
    {
      name: 'workers',
      work: '1,000 files of 6 KB in 100 directories, 1 ms a request',
      scenario: slowScenario,
      task: 'copy',
      delay: 1_000,
      tree: small(1_000, 100, 6 * 1024),
      contenders: (bench) => [
        ...WORKERS.map((n) => ours(nameOf('pcopy', n), n)),
        ours(AUTO, 'auto'),
        ...WORKERS.map((n) => ({ ...rcloneCopy(n, bench.workspace), name: nameOf('rclone', n) })),
      ],
    },
    {
      name: 'small',
      work: '50,000 files of 6 KB, in memory',
      scenario: copyScenario,
      tree: small(50_000, 1_000, 6 * 1024),
    },
    { name: 'real', work: '/usr/share and more, in memory', scenario: copyScenario, tree: real(57_000, 1.2e9) },
  ].map((row) => ({ targets: [], also, ...row }));
}

export async function measurePlot(row, context) {
  const measured = await row.scenario(row, context);
  const walls = Object.fromEntries(Object.entries(measured.samples).map(([name, samples]) => [name, typical(samples)]));
  return { ...measured, wanted: row.rounds ?? context.rounds, walls };
}

/** The numbers as a table; the picture is written when all of it was measured. */
export function printPlot(results) {
  const done = results.filter(({ walls }) => walls);
  const lines = done.flatMap(({ work, walls }) =>
    Object.entries(walls).map(([name, wall], i) => [i === 0 ? work : '', name, seconds(wall)]),
  );
  const text = [markdown(['Work', 'Who', 'Time'], lines), ...results.flatMap(notes)];
  if (done.length < results.length) return [...text, 'not all of it was measured: no picture is drawn'].join('\n');
  writeFileSync(PICTURE, performanceSvg(pictureOf(done)));
  return [...text, `drawn: ${PICTURE}`].join('\n');
}

function pictureOf([curve, ...bars]) {
  const points = (program) =>
    WORKERS.map((workers) => ({ workers, seconds: curve.walls[nameOf(program, workers)] })).filter(
      (point) => point.seconds,
    );
  return {
    curve: {
      title: curve.work,
      series: [
        { name: 'pcopy -j N', points: points('pcopy') },
        { name: 'rclone --transfers N', points: points('rclone') },
      ],
      level: { name: AUTO, seconds: curve.walls[AUTO] },
    },
    bars: bars.map(({ work, walls }) => ({
      title: work,
      bars: Object.entries(walls).map(([name, wall]) => ({ name, seconds: wall })),
    })),
  };
}
