// The rows of the target table. `against` are the contenders, those with a target first; `also` are run without one,
// and not in --quick, which scales a row by `quickScale`. Ratios are pcopy / other, medians over pairs, with 2 workers on 2 cores.
import { big, few, paired, real, small } from './sources.js';

const GIB = 2 ** 30;
const MB = 1e6;
const small50k = small(50_000, 1_000, 6 * 1024);
const small200k = small(200_000, 4_000, 2 * 1024);

const slow = [
  {
    name: 'slow-copy',
    work: '2,000 files of ~6 KB in 200 directories, 1 ms a request',
    targets: [
      { against: 'rclone copy', max: 0.85 },
      { metric: 'requests', max: 13.5 },
    ],
    also: ['rsync -a'],
  },
  {
    name: 'slow-json',
    work: 'the same with --progress json',
    options: ['--progress', 'json'],
    targets: [{ against: 'rclone copy', max: 0.88 }],
  },
  {
    name: 'slow-10ms',
    work: '500 files in 50 directories, 10 ms a request',
    tree: small(500, 50, 6 * 1024),
    delay: 10_000,
    targets: [
      { against: 'rclone copy', max: 0.5 },
      { metric: 'requests', max: 13.5 },
    ],
  },
  {
    name: 'slow-update',
    work: '-u when nothing changed, 2,000 files, 1 ms',
    task: 'update',
    targets: [
      { against: 'rclone copy', max: 1.2 },
      { metric: 'requests', max: 2.6 },
    ],
    also: ['rsync -a'],
  },
  {
    name: 'slow-dirs',
    work: '1,000 files, one in each of 1,000 pairs of nested directories, 1 ms',
    tree: paired(1000, 6 * 1024),
    targets: [
      { against: 'rclone copy', max: 0.8 },
      { metric: 'requests', max: 12 },
    ],
    also: ['rsync -a'],
  },
  {
    name: 'slow-delete',
    work: '-u --delete, 2,000 files and 200 directories to remove, 1 ms',
    task: 'delete',
    targets: [{ against: 'rclone copy', max: 1 }],
    also: ['rsync -a'],
  },
  {
    name: 'slow-jobs',
    work: '250 files in 25 directories, 10 ms, -j 16 against -j 2',
    tree: small(250, 25, 6 * 1024),
    delay: 10_000,
    narrow: true,
    targets: [{ against: '-j 2', max: 0.167 }],
  },
].map((row) => ({
  ...{ scenario: 'slow', group: 'slow', task: 'copy', delay: 1_000, tree: small(2_000, 200, 6 * 1024) },
  ...row,
}));

const coordinator = [1, 3, 10].map((millions) => ({
  name: `coordinator-${millions}m`,
  group: 'coordinator',
  work: `the parent alone: ${millions},000,000 files, for an executor that answers at once`,
  scenario: 'coordinator',
  files: millions * 1e6,
  targets: [{ metric: 'wall' }, { metric: 'parent memory', max: 150 * MB }],
}));

const machines = [
  { name: 'machines-helper', ownJobs: 0, helperJobs: 2 },
  { name: 'machines-both', ownJobs: 1, helperJobs: 1 },
].map((row) => ({
  ...row,
  group: 'machines',
  work: `50,000 files of ~6 KB: -j ${row.ownJobs} and a helper with -j ${row.helperJobs} on this machine`,
  scenario: 'machines',
  tree: small50k,
  quickScale: 0.5,
  targets: [{ against: 'one machine', max: 1.5 }],
}));

export const rows = [
  {
    name: 'small-50k',
    work: '50,000 files of ~6 KB in 1,000 directories',
    scenario: 'copy',
    tree: small50k,
    quickScale: 0.5,
    targets: [
      { against: 'cp -a', max: 0.65 },
      { against: 'rsync -a', max: 0.4 },
      { against: 'limit', max: 2.0 },
      { against: 'cp -a', metric: 'CPU', max: 1.35 },
    ],
    also: ['cp -r', 'rclone copy', 'fpsync', 'cpy-cli', 'fs.cpSync'],
  },
  {
    name: 'small-200k',
    work: '200,000 files of ~2 KB in 4,000 directories',
    scenario: 'copy',
    tree: small200k,
    targets: [
      { against: 'cp -a', max: 0.55 },
      { against: 'limit', max: 1.5 },
    ],
    also: ['rsync -a'],
  },
  {
    name: 'big',
    work: 'one file of 2 GiB',
    scenario: 'copy',
    tree: big(2 * GIB),
    bytesOnly: true,
    targets: [
      { against: 'cp -a', max: 1.05 },
      { against: 'limit', max: 1.15 },
    ],
    also: ['rsync -a', 'rclone copy', 'fs.cpSync'],
  },
  {
    name: 'real',
    work: 'a real tree: /usr/share and more',
    scenario: 'copy',
    tree: real(57_000, 1.2e9),
    targets: [
      { against: 'cp -a', max: 0.6 },
      { against: 'limit', max: 1.6 },
    ],
    also: ['cp -r', 'rsync -a', 'rclone copy', 'fpsync', 'cpy-cli', 'fs.cpSync'],
  },
  {
    name: 'ten',
    work: 'ten files',
    scenario: 'copy',
    tree: few(10, 6 * 1024),
    unscaled: true,
    moreRounds: 3,
    targets: [{ against: 'node -e 0', max: 2.2 }],
    also: ['cp -a', 'rsync -a', 'fs.cpSync'],
  },
  {
    name: 'update-50k',
    work: '-u when nothing changed, 50,000 files',
    scenario: 'update',
    tree: small50k,
    quickScale: 0.5,
    targets: [{ against: 'rsync -a', max: 1.2 }],
  },
  {
    name: 'update-200k',
    work: '-u when nothing changed, 200,000 files',
    scenario: 'update',
    tree: small200k,
    targets: [{ against: 'rsync -a', max: 0.65 }],
  },
  {
    name: 'reflink',
    work: '2 GiB reflink on btrfs',
    scenario: 'copy',
    fileSystem: 'btrfs',
    tree: big(2 * GIB),
    bytesOnly: true,
    shared: true,
    targets: [{ against: 'node -e 0', max: 2.5 }],
    also: ['cp -a'],
  },
  {
    name: 'tail',
    work: '2 GiB file among 10,000 small ones, listed last',
    scenario: 'tail',
    tree: small(10_000, 100, 6 * 1024),
    big: big(2 * GIB),
    targets: [{ against: 'listed first', max: 1.1 }],
  },
  {
    name: 'million',
    work: '1,000,000 files, peak memory',
    scenario: 'copy',
    tree: small(1_000_000, 10_000, 100),
    watch: true,
    rounds: 1,
    warmUp: false,
    targets: [
      { metric: 'parent memory', max: 150 * MB },
      { metric: 'worker memory', max: 90 * MB },
    ],
  },
  ...['ext4', 'xfs'].map((fileSystem) => ({
    name: `${fileSystem}-50k`,
    work: `50,000 files of ~6 KB on ${fileSystem}`,
    scenario: 'copy',
    fileSystem,
    tree: small50k,
    targets: [
      { against: 'cp -a', max: 0.7 },
      { against: 'cp -a', metric: 'CPU' },
    ],
    also: ['limit'],
  })),
  ...slow,
  ...coordinator,
  ...machines,
];
